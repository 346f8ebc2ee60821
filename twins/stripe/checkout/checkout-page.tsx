import { createHash } from 'node:crypto'
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import type { Session } from './checkout-records.ts'

/**
 * Words for an amount in minor units, such as "USD 10.00"; currencies without minor units stay
 * whole.
 */
export function priceText(amount: number, currency: string): string {
  const form = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' })
  const digits = form.resolvedOptions().maximumFractionDigits ?? 2
  return form.format(amount / 10 ** digits)
}

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 3rem auto;
    padding: 0 1rem; color: #1a2230 }
  h1 { font-size: 1.4rem } table { width: 100%; border-collapse: collapse; margin: 1rem 0 }
  td { padding: .35rem 0; border-bottom: 1px solid #e3e7ee } td:last-child { text-align: right }
  label { display: block; margin: .8rem 0 .2rem; font-weight: 600 }
  input, select, button { font: inherit; width: 100%; padding: .55rem; box-sizing: border-box;
    border: 1px solid #b9c2d0; border-radius: 6px }
  button { margin-top: 1.2rem; background: #2446c8; color: #fff; border: 0; cursor: pointer }
  .error { background: #fdecec; border: 1px solid #e0a3a3; padding: .6rem .8rem;
    border-radius: 6px }
  .note { color: #5a6578; font-size: .9rem }
`

/**
 * Nothing but this page's own style may load; the form may lead anywhere, as `success_url` does.
 */
export const pageHeaders = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`,
  'Cache-Control': 'no-store',
}

/** A page of the sandbox. */
export function Frame({ title, children }: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <style>{raw(style)}</style>
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  )
}

/** The cards that the pages offer; any other test card can be typed. */
const offered = [
  { token: 'pm_card_visa', label: '4242 4242 4242 4242 · pays' },
  { token: 'pm_card_threeDSecure2Required', label: '4000 0000 0000 3220 · asks for 3-D Secure' },
  {
    token: 'pm_card_authenticationRequiredOnSetup',
    label: '4000 0025 0000 3155 · 3-D Secure now, not for renewals',
  },
  { token: 'pm_card_chargeCustomerFail', label: '4000 0000 0000 0341 · every charge is declined' },
  {
    token: 'pm_card_visa_chargeDeclinedInsufficientFunds',
    label: '4000 0000 0000 9995 · insufficient funds',
  },
]

/** A card from the list (`card`), or a number (`number`), which goes before. */
export function CardFields() {
  return (
    <>
      <label for="card">Test card</label>
      <select id="card" name="card">
        {offered.map((card) => (
          <option value={card.token}>{card.label}</option>
        ))}
      </select>
      <label for="number">or a test card's number</label>
      <input id="number" name="number" inputmode="numeric" autocomplete="off" />
    </>
  )
}

export interface CheckoutPageProps {
  readonly session: Session
  readonly lines: readonly {
    readonly name: string
    readonly quantity: number
    readonly price: string
  }[]
  readonly email: string | null
  readonly error: string | null
}

/** The hosted page of an open session: what is bought, and a form for a test card. */
export function CheckoutPage({ session, lines, email, error }: CheckoutPageProps) {
  const due = priceText(session.amount_total ?? 0, session.currency ?? 'usd')
  return (
    <Frame title="Sandbox checkout">
      <h1>Sandbox checkout</h1>
      <p class="note">Simulated: only test cards work, and no money moves.</p>
      {error !== null && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <table>
        {lines.map((line) => (
          <tr>
            <td>
              {line.quantity} × {line.name}
            </td>
            <td>{line.price}</td>
          </tr>
        ))}
        <tr>
          <td>
            <strong>Due now</strong>
          </td>
          <td>
            <strong>{due}</strong>
          </td>
        </tr>
      </table>
      <form method="post" action={`/c/pay/${session.id}`}>
        <label for="email">E-mail</label>
        <input id="email" name="email" type="email" required value={email ?? ''} />
        <CardFields />
        <button type="submit">{session.amount_total === 0 ? 'Start' : `Pay ${due}`}</button>
      </form>
      {session.cancel_url !== null && (
        <p>
          <a href={session.cancel_url}>Go back without paying</a>
        </p>
      )}
    </Frame>
  )
}

/** A session that cannot be paid any more. */
export function ClosedPage({ title, text }: { title: string; text: string }) {
  return (
    <Frame title={title}>
      <h1>{title}</h1>
      <p>{text}</p>
    </Frame>
  )
}
