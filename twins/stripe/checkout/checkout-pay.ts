import { textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import { collectionOf } from '../billing/billing-changes.ts'
import { jobs, type Billing } from '../billing/billing.ts'
import { createSubscription } from '../billing/subscription-create.ts'
import type { Wallet } from '../customers/payment-methods.ts'
import type { CheckoutStore, Session } from './checkout-records.ts'

export interface Checkout {
  readonly billing: Billing
  readonly sessions: CheckoutStore
  readonly wallet: Wallet
  /** A new customer, announced by its own event. */
  newCustomer(fields: { readonly email: string }): { readonly id: string }
}

export interface Payer {
  /** A test card, by its number or its token. */
  readonly card: string
  /** For the new customer, where the session has none. */
  readonly email: string
}

export type Paid =
  | { readonly next: 'complete' }
  | { readonly next: 'authenticate'; readonly url: string }
  | { readonly next: 'try_again'; readonly message: string }

/**
 * What pressing "Pay" does: makes the customer and the payment method, creates what is sold (once,
 * also over several tries), and confirms the payment with the customer present. A trial sets the
 * card up.
 */
export function payCheckout(checkout: Checkout, session: Session, payer: Payer): Paid {
  const { billing, sessions, wallet } = checkout
  const customer = session.customer ?? checkout.newCustomer({ email: payer.email }).id
  const owned: Session = { ...session, customer }
  sessions.put(owned)
  const method = wallet.create({
    type: 'card',
    card: payer.card.startsWith('pm_') ? { token: payer.card } : { number: payer.card },
    billing_details: { email: payer.email },
  })
  const intent = intentOf(checkout, owned)
  const back = `${billing.options.publicUrl()}/c/pay/${session.id}/return`
  const after = intent.startsWith('seti_')
    ? billing.setups.confirm(intent, method.id, back)
    : billing.payments.confirm(intent, {
        payment_method: method.id,
        off_session: false,
        authentication: 'wait',
        return_url: back,
      }).intent
  const url = textAt(after, 'next_action.redirect_to_url.url')
  if (url !== null) return { next: 'authenticate', url }
  if (textAt(after, 'status') !== 'requires_payment_method') return { next: 'complete' }
  return { next: 'try_again', message: declineOf(after) }
}

/** Why the last try failed. */
export function declineOf(intent: StripeObject): string {
  const kind = intent.object === 'setup_intent' ? 'last_setup_error' : 'last_payment_error'
  return textAt(intent, `${kind}.message`) ?? 'Your card was declined.'
}

/** The payment or setup intent to be confirmed, made at the first try. */
function intentOf(checkout: Checkout, session: Session): string {
  const { billing, sessions } = checkout
  const basket = sessions.basketOf(session.id)
  if (basket.intent !== null) return basket.intent
  const made = {
    payment: () => ({ subscription: null, intent: sell(checkout, session) }),
    setup: () => ({ subscription: null, intent: billing.setups.create(session.customer ?? '').id }),
    subscription: () => subscribe(checkout, session),
  }[session.mode]()
  sessions.putBasket({ ...basket, ...made })
  return made.intent
}

function subscribe({ billing, sessions }: Checkout, session: Session) {
  const { line_items: items, subscription_data: data } = sessions.basketOf(session.id)
  const made = createSubscription(billing, {
    customer: session.customer ?? '',
    items,
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
    ...data,
  })
  const { latest_invoice: invoice } = made
  const payment = invoice === null ? null : collectionOf(billing, invoice).payment_intent
  return { subscription: made.id, intent: payment ?? made.pending_setup_intent ?? '' }
}

function sell({ billing, sessions }: Checkout, session: Session): string {
  const { id } = billing.payments.create({
    amount: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    customer: session.customer,
    metadata: sessions.basketOf(session.id).metadata,
  })
  return id
}

/** The customer has paid, or had nothing to pay: says `checkout.session.completed`. */
export function completeSession({ billing, sessions }: Checkout, session: Session): void {
  const { state, store } = billing
  const { subscription, intent } = sessions.basketOf(session.id)
  const invoice =
    subscription === null ? null : store.subscriptions.need(subscription).latest_invoice
  const { email, name } = store.customers.need(session.customer ?? '')
  const completed: Session = {
    ...session,
    customer_details: {
      address: null,
      business_name: null,
      email,
      individual_name: null,
      name,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
    invoice,
    payment_intent: session.mode === 'payment' ? intent : null,
    payment_status: intent?.startsWith('pi_') === true ? 'paid' : 'no_payment_required',
    setup_intent: session.mode === 'setup' ? intent : null,
    status: 'complete',
    subscription,
    url: null,
  }
  sessions.put(completed)
  state.unschedule(jobs.expireSession, session.id)
  state.emit('checkout.session.completed', completed)
}
