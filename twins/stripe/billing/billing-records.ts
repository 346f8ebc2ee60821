import { z } from 'zod'
import type { Json } from '../../../values/json.ts'

// What billing reads and writes of each object. Fields that it does not touch pass through unread.

/** A table holds JSON only, so what is not named here needs no second look. */
export const rest = z.custom<Json>((value) => value !== undefined)

const base = { id: z.string(), created: z.number(), livemode: z.literal(false) }
const strings = z.record(z.string(), z.string())
const seconds = z.number().nullable()

export const Price = z
  .object({
    ...base,
    object: z.literal('price'),
    active: z.boolean(),
    currency: z.string(),
    product: z.string(),
    unit_amount: z.number().nullable(),
    recurring: z
      .object({ interval: z.enum(['day', 'week', 'month', 'year']), interval_count: z.number() })
      .catchall(rest)
      .nullable(),
  })
  .catchall(rest)
export type Price = z.infer<typeof Price>

export const Customer = z
  .object({
    ...base,
    object: z.literal('customer'),
    email: z.string().nullable(),
    name: z.string().nullable(),
    invoice_settings: z.object({ default_payment_method: z.string().nullable() }).catchall(rest),
  })
  .catchall(rest)
export type Customer = z.infer<typeof Customer>

export const PaymentIntent = z
  .object({
    ...base,
    object: z.literal('payment_intent'),
    status: z.string(),
    amount: z.number(),
    client_secret: z.string(),
    payment_method: z.string().nullable(),
  })
  .catchall(rest)
export type PaymentIntent = z.infer<typeof PaymentIntent>

const Item = z
  .object({
    ...base,
    object: z.literal('subscription_item'),
    current_period_start: z.number(),
    current_period_end: z.number(),
    price: Price,
    quantity: z.number(),
    metadata: strings,
    subscription: z.string(),
  })
  .catchall(rest)
export type Item = z.infer<typeof Item>

export const SubscriptionStatus = z.enum([
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
])
export type SubscriptionStatus = z.infer<typeof SubscriptionStatus>

const CancellationDetails = z
  .object({
    comment: z.string().nullable(),
    feedback: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .catchall(rest)

const MissingPaymentMethod = z.enum(['cancel', 'create_invoice', 'pause'])

export const Subscription = z
  .object({
    ...base,
    object: z.literal('subscription'),
    status: SubscriptionStatus,
    billing_cycle_anchor: z.number(),
    cancel_at: seconds,
    cancel_at_period_end: z.boolean(),
    canceled_at: seconds,
    cancellation_details: CancellationDetails,
    currency: z.string(),
    customer: z.string(),
    default_payment_method: z.string().nullable(),
    description: z.string().nullable(),
    ended_at: seconds,
    items: z.object({ data: z.array(Item) }).catchall(rest),
    latest_invoice: z.string().nullable(),
    metadata: strings,
    payment_settings: z
      .object({ save_default_payment_method: z.string().nullable() })
      .catchall(rest),
    pending_setup_intent: z.string().nullable(),
    trial_end: seconds,
    trial_settings: z.object({
      end_behavior: z.object({ missing_payment_method: MissingPaymentMethod }).catchall(rest),
    }),
    trial_start: seconds,
  })
  .catchall(rest)
export type Subscription = z.infer<typeof Subscription>

export const InvoiceStatus = z.enum(['draft', 'open', 'paid', 'uncollectible', 'void'])

export const Invoice = z
  .object({
    ...base,
    object: z.literal('invoice'),
    status: InvoiceStatus,
    amount_due: z.number(),
    amount_paid: z.number(),
    amount_remaining: z.number(),
    attempt_count: z.number(),
    attempted: z.boolean(),
    auto_advance: z.boolean(),
    automatically_finalizes_at: seconds,
    billing_reason: z.string(),
    currency: z.string(),
    customer: z.string(),
    default_payment_method: z.string().nullable(),
    effective_at: seconds,
    lines: z.object({ data: z.array(z.record(z.string(), rest)) }).catchall(rest),
    metadata: strings,
    next_payment_attempt: seconds,
    number: z.string().nullable(),
    parent: z
      .object({ subscription_details: z.object({ subscription: z.string() }).catchall(rest) })
      .catchall(rest)
      .nullable(),
    status_transitions: z.object({
      finalized_at: seconds,
      marked_uncollectible_at: seconds,
      paid_at: seconds,
      voided_at: seconds,
    }),
    total: z.number(),
  })
  .catchall(rest)
export type Invoice = z.infer<typeof Invoice>

export const InvoicePayment = z
  .object({
    ...base,
    object: z.literal('invoice_payment'),
    amount_paid: z.number().nullable(),
    amount_requested: z.number(),
    invoice: z.string(),
    is_default: z.boolean(),
    payment: z.object({ type: z.literal('payment_intent'), payment_intent: z.string() }),
    status: z.enum(['open', 'paid', 'canceled']),
    status_transitions: z.object({ canceled_at: seconds, paid_at: seconds }),
  })
  .catchall(rest)
export type InvoicePayment = z.infer<typeof InvoicePayment>

/** What Stripe knows of an invoice's collection and does not show. */
export const Collection = z.object({
  ...base,
  object: z.literal('invoice_collection'),
  invoice: z.string(),
  /** The invoice payment that follows `amount_remaining`; null before the invoice is finalised. */
  invoice_payment: z.string().nullable(),
  payment_intent: z.string().nullable(),
  /** Retries count their days from here. */
  first_failed_at: seconds,
  /** Methods that their banks have refused for good: nothing more is sent with them. */
  refused_methods: z.array(z.string()),
  /** True while billing itself confirms the payment intent, whose outcome it then reads itself. */
  confirming: z.boolean(),
  /** True while a bank debit is on its way, which may take days to succeed or to fail. */
  processing: z.boolean(),
})
export type Collection = z.infer<typeof Collection>
