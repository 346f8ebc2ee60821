import { invalidRequest } from '../api/failure.ts'
import { periodHolding, type Period, type Recurrence } from './billing-periods.ts'
import type { Price } from './billing-records.ts'
import { day, type Billing } from './billing.ts'
import type { CreateSubscription } from './subscription-params.ts'

/** What a new subscription will bill, and when. */
export interface Plan {
  readonly prices: readonly Price[]
  readonly every: Recurrence
  readonly anchor: number
  readonly trialEnd: number | null
  readonly period: Period
  /** The part of a full period that the first one charges. */
  readonly share: number
}

/** Reads it from the request. Throws Stripe's answer for what cannot be, or is not simulated. */
export function planOf(billing: Billing, input: CreateSubscription): Plan {
  const { store, state } = billing
  store.customers.need(input.customer, 'customer')
  refuseUnsupported(input)
  requireMethod(billing, input.customer, input.default_payment_method)
  const prices = input.items.map((item, index) => {
    const price = store.prices.need(item.price, `items[${index}][price]`)
    if (!price.active)
      throw invalidRequest(
        `items[${index}][price]`,
        'The price specified is inactive. This field only accepts active prices.',
      )
    return price
  })
  const every = sharedRecurrence(prices)
  const now = state.now()
  const trialEnd = trialEndOf(input, now)
  const anchor = trialEnd ?? input.billing_cycle_anchor ?? now
  if (anchor < now)
    throw invalidRequest('billing_cycle_anchor', 'The anchor must be in the future.')
  return {
    prices,
    every,
    anchor,
    trialEnd,
    ...firstPeriod({ input, every, anchor, trialEnd, now }),
  }
}

function refuseUnsupported(input: CreateSubscription): void {
  if (input.collection_method === 'send_invoice') {
    throw invalidRequest('collection_method', 'The sandbox simulates charge_automatically only.')
  }
  if (input.billing_mode?.type === 'classic') {
    throw invalidRequest('billing_mode[type]', 'The sandbox simulates the flexible mode only.')
  }
  if (input.payment_behavior === 'pending_if_incomplete') {
    throw invalidRequest(
      'payment_behavior',
      'You cannot use pending_if_incomplete when creating a subscription.',
    )
  }
  const trial = input.trial_end !== undefined || input.trial_period_days !== undefined
  if (trial && input.billing_cycle_anchor !== undefined) {
    throw invalidRequest(
      'billing_cycle_anchor',
      'The sandbox does not simulate a trial together with a billing cycle anchor.',
    )
  }
}

/** Throws unless the payment method is attached to the customer. */
export function requireMethod(
  { state }: Billing,
  customer: string,
  method: string | null | undefined,
): void {
  if (method === undefined || method === null) return
  if (state.table('payment_method').get(method)?.['customer'] === customer) return
  throw invalidRequest(
    'default_payment_method',
    `The customer does not have a payment method with the ID ${method}. ` +
      'The payment method must be attached to the customer.',
    'resource_missing',
  )
}

function sharedRecurrence(prices: readonly Price[]): Recurrence {
  const [first] = prices
  const every = first?.recurring
  if (first === undefined || every === null || every === undefined) {
    throw invalidRequest('items[0][price]', 'The price must be of type `recurring`.')
  }
  for (const { currency, recurring } of prices) {
    const same =
      recurring?.interval === every.interval && recurring.interval_count === every.interval_count
    if (currency !== first.currency) {
      throw invalidRequest('items', 'All prices on a subscription must have the same `currency`.')
    }
    if (!same) {
      throw invalidRequest('items', 'The sandbox does not simulate prices of mixed intervals.')
    }
  }
  return every
}

function trialEndOf(input: CreateSubscription, now: number): number | null {
  if (input.trial_period_days !== undefined) return now + input.trial_period_days * day
  if (input.trial_end === undefined || input.trial_end === 'now') return null
  if (input.trial_end > now) return input.trial_end
  throw invalidRequest(
    'trial_end',
    'Invalid timestamp: must be an integer Unix timestamp in the future.',
  )
}

interface FirstPeriod {
  readonly input: CreateSubscription
  readonly every: Recurrence
  readonly anchor: number
  readonly trialEnd: number | null
  readonly now: number
}

function firstPeriod({ input, every, anchor, trialEnd, now }: FirstPeriod) {
  if (trialEnd !== null) return { period: { start: now, end: trialEnd }, share: 0 }
  const full = periodHolding(anchor, every, now)
  if (anchor > full.end) {
    throw invalidRequest(
      'billing_cycle_anchor',
      'billing_cycle_anchor cannot be later than next natural billing date.',
    )
  }
  const part = (full.end - now) / (full.end - full.start)
  const share = input.proration_behavior === 'none' && part < 1 ? 0 : part
  return { period: { start: now, end: full.end }, share }
}
