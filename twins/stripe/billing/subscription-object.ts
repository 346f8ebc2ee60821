import type { JsonObject } from '../../../values/json.ts'
import { mergedMetadata } from '../api/parameters.ts'
import type { Item, Price, Subscription } from './billing-records.ts'
import type { Billing } from './billing.ts'
import type { CreateSubscription } from './subscription-params.ts'
import type { Plan } from './subscription-plan.ts'

/** The subscription as the API will show it, before its first invoice. */
export function newSubscription(
  billing: Billing,
  input: CreateSubscription,
  plan: Plan,
): Subscription {
  const { state } = billing
  const id = state.newId('sub')
  const now = state.now()
  const items = plan.prices.map((price, index) =>
    newItem(billing, { id, price, plan, input, index }),
  )
  const atEnd = input.cancel_at_period_end === true
  return {
    ...unused(),
    id,
    object: 'subscription',
    billing_cycle_anchor: plan.anchor,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    cancel_at: atEnd ? plan.period.end : (input.cancel_at ?? null),
    cancel_at_period_end: atEnd,
    canceled_at: atEnd || input.cancel_at !== undefined ? now : null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: now,
    currency: plan.prices[0]?.currency ?? 'usd',
    customer: input.customer,
    default_payment_method: input.default_payment_method ?? null,
    description: input.description ?? null,
    pending_setup_intent: null,
    ended_at: null,
    items: {
      object: 'list',
      data: items,
      has_more: false,
      total_count: items.length,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: false,
    metadata: strings(mergedMetadata({}, input.metadata)),
    payment_settings: { payment_method_options: null, ...settingsOf(input.payment_settings ?? {}) },
    start_date: now,
    status: plan.trialEnd === null ? 'incomplete' : 'trialing',
    trial_end: plan.trialEnd,
    trial_settings: input.trial_settings ?? {
      end_behavior: { missing_payment_method: 'create_invoice' },
    },
    trial_start: plan.trialEnd === null ? null : now,
  }
}

/** Stripe's `payment_settings`, with what was not given at its default. */
export function settingsOf(asked: NonNullable<CreateSubscription['payment_settings']>) {
  return {
    payment_method_types: asked.payment_method_types ?? null,
    save_default_payment_method: asked.save_default_payment_method ?? 'off',
  }
}

/** Metadata as what it is: text under keys. */
export function strings(metadata: JsonObject): Record<string, string> {
  const pairs = Object.entries(metadata)
  return Object.fromEntries(pairs.flatMap(([k, v]) => (typeof v === 'string' ? [[k, v]] : [])))
}

interface ItemInput {
  readonly id: string
  readonly price: Price
  readonly plan: Plan
  readonly input: CreateSubscription
  readonly index: number
}

function newItem(billing: Billing, { id, price, plan, input, index }: ItemInput): Item {
  const asked = input.items[index]
  return {
    id: billing.state.newId('si'),
    object: 'subscription_item',
    billing_thresholds: null,
    created: billing.state.now(),
    current_period_end: plan.period.end,
    current_period_start: plan.period.start,
    current_trial: null,
    discounts: [],
    livemode: false,
    metadata: asked?.metadata ?? {},
    plan: planObject(price),
    price,
    quantity: asked?.quantity ?? 1,
    subscription: id,
    tax_rates: [],
  }
}

/** The old form of a price, which Stripe still shows beside it. */
function planObject(price: Price): JsonObject {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount === null ? null : String(price.unit_amount),
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? null,
    interval_count: price.recurring?.interval_count ?? null,
    livemode: false,
    metadata: {},
    meter: null,
    nickname: null,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }
}

function unused() {
  return {
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor_config: null,
    billing_schedules: [],
    billing_thresholds: null,
    customer_account: null,
    days_until_due: null,
    default_source: null,
    default_tax_rates: [],
    discounts: [],
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    managed_payments: null,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    pending_invoice_item_interval: null,
    pending_update: null,
    schedule: null,
    test_clock: null,
    transfer_data: null,
  }
}
