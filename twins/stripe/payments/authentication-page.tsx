import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { numberAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { StripeFailure } from '../api/failure.ts'
import type { PaymentAuthentication } from './payment-intents.ts'

const css = `
body { font: 16px/1.5 system-ui, sans-serif; background: #f4f5f7; color: #1f2430; margin: 0 }
main { max-width: 24rem; margin: 12vh auto; padding: 2rem; background: #fff; border-radius: 12px;
  box-shadow: 0 2px 16px rgb(0 0 0 / 8%) }
h1 { font-size: 1.25rem; margin: 0 0 .5rem }
p { margin: .5rem 0 1.25rem }
.amount { font-size: 1.75rem; font-weight: 600 }
button { width: 100%; padding: .75rem; border: 0; border-radius: 8px; font: inherit;
  cursor: pointer }
.yes { background: #14532d; color: #fff; margin-bottom: .5rem }
.no { background: #e5e7eb; color: #1f2430 }
.note { color: #6b7280; font-size: .875rem; margin: 1.25rem 0 0 }
`

const headers = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(css).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`,
  'Cache-Control': 'no-store',
}

function Page({ title, children }: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <style>{raw(css)}</style>
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  )
}

function money(intent: StripeObject): string | null {
  const [amount, currency] = [numberAt(intent, 'amount'), textAt(intent, 'currency')]
  if (amount === null || currency === null) return null
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format(amount / 10 ** digits)
}

function Question({ intent }: { intent: StripeObject }) {
  const amount = money(intent)
  return (
    <Page title="3-D Secure">
      <h1>Is it you?</h1>
      {amount === null ? (
        <p>A shop asks to keep your card for later payments.</p>
      ) : (
        <p>
          A shop asks for a payment of
          <br />
          <span class="amount">{amount}</span>
        </p>
      )}
      <form method="post">
        <button class="yes" name="answer" value="complete">
          Complete authentication
        </button>
        <button class="no" name="answer" value="fail">
          Fail authentication
        </button>
      </form>
      <p class="note">This page stands for your bank's. Nothing is charged in the sandbox.</p>
    </Page>
  )
}

function Answer({ title, text }: { title: string; text: string }) {
  return (
    <Page title={title}>
      <h1>{title}</h1>
      <p>{text}</p>
      <p class="note">You can close this page.</p>
    </Page>
  )
}

/**
 * Where the customer goes after the page, with what Stripe adds to the address; null if nowhere.
 */
function returnUrl(intent: StripeObject, after: StripeObject): string | null {
  const back = textAt(intent, 'next_action.redirect_to_url.return_url')
  if (back === null || !/^https?:\/\//.test(back)) return null
  const url = new URL(back)
  url.searchParams.set(intent.object, intent.id)
  url.searchParams.set(`${intent.object}_client_secret`, textAt(intent, 'client_secret') ?? '')
  url.searchParams.set(
    'redirect_status',
    textAt(after, 'status') === 'succeeded' ? 'succeeded' : 'failed',
  )
  return url.href
}

export interface AuthenticationPorts {
  readonly payments: PaymentAuthentication
  readonly setups: PaymentAuthentication
}

/** `GET /3ds/:intent` asks, as a bank's 3-D Secure page would; `POST` is the customer's answer. */
export function createAuthenticationPage(
  state: SandboxState,
  { payments, setups }: AuthenticationPorts,
): Hono {
  const app = new Hono()

  const intentOf = (id: string) =>
    state.table('payment_intent').get(id) ?? state.table('setup_intent').get(id)

  const unknown = <Answer title="Not found" text="There is no payment to authenticate here." />
  const done = <Answer title="Nothing to do" text="This payment does not wait for you any more." />

  app.get('/3ds/:id', (context) => {
    const intent = intentOf(context.req.param('id'))
    if (intent === undefined) return context.html(unknown, 404, headers)
    if (textAt(intent, 'status') !== 'requires_action') return context.html(done, 200, headers)
    return context.html(<Question intent={intent} />, 200, headers)
  })

  app.post('/3ds/:id', async (context) => {
    const intent = intentOf(context.req.param('id'))
    if (intent === undefined) return context.html(unknown, 404, headers)
    const { answer } = await context.req.parseBody()
    const authentication = intent.object === 'setup_intent' ? setups : payments
    try {
      const after = state.unit(() =>
        answer === 'complete' ? authentication.complete(intent.id) : authentication.fail(intent.id),
      )
      const back = returnUrl(intent, after)
      if (back !== null) return context.redirect(back, 303)
      const ok = textAt(after, 'status') !== 'requires_payment_method'
      return context.html(
        ok ? (
          <Answer title="Thank you" text="Your bank has confirmed it." />
        ) : (
          <Answer title="Not confirmed" text="The payment was not authenticated or was declined." />
        ),
        200,
        headers,
      )
    } catch (error) {
      if (error instanceof StripeFailure) return context.html(done, 409, headers)
      throw error
    }
  })

  return app
}
