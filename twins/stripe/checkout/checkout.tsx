import { type Context, Hono } from 'hono'
import { numberAt, textAt } from '../../kernel/fields.ts'
import { invalidRequest, StripeFailure } from '../api/failure.ts'
import { listOf, paginate } from '../api/lists.ts'
import { parse } from '../api/parameters.ts'
import type { Part, Route } from '../api/parts.ts'
import { jobs } from '../billing/billing.ts'
import { createInvoicePages } from '../billing/invoice-page.tsx'
import { CheckoutPage, ClosedPage, pageHeaders, priceText } from './checkout-page.tsx'
import { CreateSession, ListSessions } from './checkout-params.ts'
import { completeSession, declineOf, payCheckout, type Checkout } from './checkout-pay.ts'
import type { Session } from './checkout-records.ts'
import { createSession, expireSession, lineItemsOf } from './checkout-session.ts'

const path = '/v1/checkout/sessions'

/**
 * Checkout Sessions: the API, the hosted page at `/c/pay/:id`, and that of an invoice at `/i/:id`.
 */
export function createCheckout(checkout: Checkout): Part {
  const { billing, sessions } = checkout
  billing.state.onJob(jobs.expireSession, (id) => {
    const session = sessions.find(id)
    if (session?.status === 'open') expireSession(billing, sessions, session)
  })
  const complete = (intent: string): void => {
    const session = sessions.sessionOfIntent(intent)
    if (session?.status === 'open') completeSession(checkout, session)
  }
  billing.payments.onSettled(({ id }, settlement) => {
    if (settlement === 'succeeded') complete(id)
  })
  billing.setups.onSucceeded(({ id }) => complete(id))
  return {
    routes: routes(checkout),
    pages: pages(checkout),
    includable: {
      'checkout.session': {
        line_items: ({ id }) => lineList(checkout, sessions.need(id)),
      },
    },
  }
}

function lineList({ billing, sessions }: Checkout, session: Session) {
  const lines = lineItemsOf(billing, sessions, session)
  return listOf(lines, false, `${path}/${session.id}/line_items`)
}

function routes(checkout: Checkout): readonly Route[] {
  const { billing, sessions } = checkout
  return [
    {
      method: 'POST',
      path,
      handle: ({ input }) => createSession(billing, sessions, parse(CreateSession, input)),
    },
    { method: 'GET', path, handle: ({ input }) => list(checkout, parse(ListSessions, input)) },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: (request) => sessions.need(request.param('id')),
    },
    {
      method: 'GET',
      path: `${path}/:id/line_items`,
      handle: (request) => lineList(checkout, sessions.need(request.param('id'))),
    },
    {
      method: 'POST',
      path: `${path}/:id/expire`,
      handle(request) {
        const session = sessions.need(request.param('id'))
        if (session.status === 'open') return expireSession(billing, sessions, session)
        throw invalidRequest(
          'session',
          `Only Checkout Sessions with a status in ["open"] can be expired. ` +
            `This Checkout Session has a status of \`${session.status}\`.`,
        )
      },
    },
  ]
}

function list({ billing }: Checkout, input: ReturnType<typeof ListSessions.parse>) {
  const { customer, payment_intent, status, subscription, ...request } = input
  const filters = { customer, payment_intent, status, subscription }
  const objects = billing.state
    .table('checkout.session')
    .all()
    .filter((session) =>
      Object.entries(filters).every(
        ([key, value]) => value === undefined || session[key] === value,
      ),
    )
  return paginate({ objects, request, url: path })
}

function pages(checkout: Checkout): Hono {
  const { billing, sessions } = checkout
  const { state } = billing
  const app = new Hono()

  app.get('/c/pay/:id', (context) => {
    const session = state.unit(() => sessions.find(context.req.param('id')))
    return show(checkout, context, { session, error: null })
  })

  app.post('/c/pay/:id', async (context) => {
    const form = await context.req.parseBody()
    const typed = text(form['number']).replaceAll(' ', '')
    const payer = { card: typed === '' ? text(form['card']) : typed, email: text(form['email']) }
    return pay(checkout, context, payer)
  })

  app.get('/c/pay/:id/return', (context) => {
    const session = state.unit(() => sessions.find(context.req.param('id')))
    const intent = session === undefined ? null : sessions.basketOf(session.id).intent
    const found = intent === null ? undefined : state.find(intent)
    const error = found === undefined ? null : declineOf(found)
    return show(checkout, context, { session, error })
  })
  return app.route('/', createInvoicePages(checkout))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

function pay(
  checkout: Checkout,
  context: Context,
  payer: { readonly card: string; readonly email: string },
) {
  const { billing, sessions } = checkout
  const id = context.req.param('id') ?? ''
  try {
    const paid = billing.state.unit(() => {
      const session = sessions.find(id)
      return session?.status === 'open' ? payCheckout(checkout, session, payer) : null
    })
    if (paid?.next === 'authenticate') return context.redirect(paid.url, 303)
    const error = paid?.next === 'try_again' ? paid.message : null
    return show(checkout, context, { session: sessions.find(id), error })
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return show(checkout, context, { session: sessions.find(id), error: error.message })
  }
}

interface View {
  readonly session: Session | undefined
  readonly error: string | null
}

/** The page for the session's state; one that is complete goes on to its `success_url`. */
function show(checkout: Checkout, context: Context, { session, error }: View) {
  if (session === undefined) {
    return context.html(
      <ClosedPage title="No such checkout" text="Check the address, or ask for a new link." />,
      404,
      pageHeaders,
    )
  }
  if (session.status === 'complete') {
    const url = session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id)
    return context.redirect(url, 303)
  }
  if (session.status === 'expired') {
    return context.html(
      <ClosedPage
        title="This checkout has expired"
        text="Nothing was charged. Ask for a new link."
      />,
      410,
      pageHeaders,
    )
  }
  const page = (
    <CheckoutPage
      session={session}
      lines={linesOf(checkout, session)}
      email={emailOf(checkout, session)}
      error={error}
    />
  )
  return context.html(page, error === null ? 200 : 402, pageHeaders)
}

function linesOf({ billing, sessions }: Checkout, session: Session) {
  return lineItemsOf(billing, sessions, session).map((line) => ({
    name: textAt(line, 'description') ?? '',
    quantity: numberAt(line, 'quantity') ?? 1,
    price: priceText(numberAt(line, 'amount_total') ?? 0, textAt(line, 'currency') ?? 'usd'),
  }))
}

function emailOf({ billing }: Checkout, session: Session): string | null {
  const customer =
    session.customer === null ? undefined : billing.store.customers.find(session.customer)
  return customer?.email ?? session.customer_email
}
