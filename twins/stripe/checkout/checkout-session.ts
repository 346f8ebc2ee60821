import type { JsonObject } from '../../../values/json.ts'
import { invalidRequest } from '../api/failure.ts'
import { type Billing, day, hour, jobs } from '../billing/billing.ts'
import type { CreateSession } from './checkout-params.ts'
import { basketId, type CheckoutStore, type Session } from './checkout-records.ts'

/** Creates an open session with its page; it expires after 24 hours, or when `expires_at` says. */
export function createSession(
  billing: Billing,
  sessions: CheckoutStore,
  input: CreateSession,
): Session {
  const { state, store, options } = billing
  if (input.customer !== undefined) store.customers.need(input.customer, 'customer')
  const total = totalOf(billing, input)
  const id = state.newId('cs_test')
  const session = {
    ...unused(),
    id,
    object: 'checkout.session' as const,
    amount_subtotal: total?.amount ?? null,
    amount_total: total?.amount ?? null,
    cancel_url: input.cancel_url ?? null,
    client_reference_id: input.client_reference_id ?? null,
    created: state.now(),
    currency: total?.currency ?? input.currency ?? null,
    customer: input.customer ?? null,
    customer_creation: creationOf(input),
    customer_details: null,
    customer_email: input.customer_email ?? null,
    expires_at: expiryOf(input, state.now()),
    livemode: false as const,
    metadata: input.metadata ?? {},
    mode: input.mode,
    payment_method_types: input.payment_method_types ?? ['card'],
    payment_status: input.mode === 'setup' ? ('no_payment_required' as const) : ('unpaid' as const),
    status: 'open' as const,
    success_url: input.success_url,
    url: `${options.publicUrl()}/c/pay/${id}`,
  }
  sessions.put(session)
  sessions.putBasket({
    id: basketId(id),
    object: 'checkout_basket',
    created: state.now(),
    livemode: false,
    session: id,
    line_items: input.line_items ?? [],
    subscription_data: input.subscription_data ?? {},
    metadata: input.payment_intent_data?.metadata ?? {},
    subscription: null,
    intent: null,
  })
  state.schedule(jobs.expireSession, id, session.expires_at)
  return session
}

function creationOf(input: CreateSession): 'always' | 'if_required' | null {
  if (input.customer !== undefined) return null
  return input.mode === 'payment' ? 'if_required' : 'always'
}

function expiryOf(input: CreateSession, now: number): number {
  const expiry = input.expires_at ?? now + day
  if (expiry >= now + hour / 2 && expiry <= now + day) return expiry
  throw invalidRequest(
    'expires_at',
    'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
  )
}

/** What is due now: nothing while a trial runs, null where nothing is sold. Checks the prices. */
function totalOf(billing: Billing, input: CreateSession) {
  if (input.mode === 'setup') return null
  if (input.line_items === undefined) {
    throw invalidRequest('line_items', `Missing required param: line_items in ${input.mode} mode.`)
  }
  const { trial_end, trial_period_days } = input.subscription_data ?? {}
  const trial = trial_end !== undefined || trial_period_days !== undefined
  let amount = 0
  let currency = ''
  for (const [index, item] of input.line_items.entries()) {
    const param = `line_items[${index}][price]`
    const price = billing.store.prices.need(item.price, param)
    if ((price.recurring !== null) !== (input.mode === 'subscription')) {
      throw invalidRequest(param, `This price cannot be sold in ${input.mode} mode.`)
    }
    if (currency !== '' && currency !== price.currency) {
      throw invalidRequest('line_items', 'All prices of a session must have the same currency.')
    }
    currency = price.currency
    amount += trial ? 0 : (price.unit_amount ?? 0) * item.quantity
  }
  return { amount, currency }
}

/** Ends an open session unpaid. Its page then says so. */
export function expireSession(
  billing: Billing,
  sessions: CheckoutStore,
  session: Session,
): Session {
  const expired = { ...session, status: 'expired' as const, url: null }
  billing.state.unschedule(jobs.expireSession, session.id)
  sessions.put(expired)
  billing.state.emit('checkout.session.expired', expired)
  return expired
}

/** The lines as `/line_items` and the page show them. */
export function lineItemsOf(
  billing: Billing,
  sessions: CheckoutStore,
  session: Session,
): JsonObject[] {
  return sessions.basketOf(session.id).line_items.map(({ price: id, quantity }, index) => {
    const price = billing.store.prices.need(id)
    const amount = (price.unit_amount ?? 0) * quantity
    return {
      id: `li_${index + 1}_${session.id.slice(8)}`,
      object: 'item',
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency: price.currency,
      description: nameOf(billing, price.product),
      price,
      quantity,
    }
  })
}

function nameOf({ state }: Billing, product: string): string {
  const name = state.table('product').get(product)?.['name']
  return typeof name === 'string' ? name : product
}

function unused() {
  return {
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_account: null,
    discounts: [],
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    locale: null,
    managed_payments: null,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: {},
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    submit_type: null,
    subscription: null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted',
    wallet_options: null,
  }
}
