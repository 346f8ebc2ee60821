import { z } from 'zod'
import { ActorRef } from './ids.ts'
import { Instant } from './instant.ts'

// What a provider says of its objects, in our words: the fields that some rule reads, and no others.
// A status is an open string: a value that no chart knows is kept and moves nothing.

/** Minor units (cents, yen): an integer, never a float. */
export const Minor = z.int()

/** ISO 4217 in lower case, as Stripe writes it. */
export const Currency = z.string().regex(/^[a-z]{3}$/, 'must be a currency such as usd')

export const Provider = z.enum(['stripe'])
export type Provider = z.infer<typeof Provider>

/** Half-open: `start` belongs to it, `end` does not. */
export const Period = z.object({ start: Instant, end: Instant })
export type Period = z.infer<typeof Period>

export const CustomerFacts = z.object({
  customer: z.string(),
  deleted: z.boolean(),
  email: z.string().nullable(),
  /** `invoice_settings.default_payment_method`. */
  defaultPaymentMethod: z.string().nullable(),
})
export type CustomerFacts = z.infer<typeof CustomerFacts>

export const PaymentMethodFacts = z.object({
  paymentMethod: z.string(),
  /** False once it is detached. */
  attached: z.boolean(),
  kind: z.string(),
  brand: z.string().nullable(),
  last4: z.string().nullable(),
  expMonth: z.int().min(1).max(12).nullable(),
  expYear: z.int().nullable(),
  createdAt: Instant,
})
export type PaymentMethodFacts = z.infer<typeof PaymentMethodFacts>

export const SetupIntentFacts = z.object({
  setupIntent: z.string(),
  status: z.string(),
  paymentMethod: z.string().nullable(),
})
export type SetupIntentFacts = z.infer<typeof SetupIntentFacts>

export const CheckoutSessionFacts = z.object({
  checkoutSession: z.string(),
  status: z.string().nullable(),
  paymentStatus: z.string().nullable(),
  subscription: z.string().nullable(),
})
export type CheckoutSessionFacts = z.infer<typeof CheckoutSessionFacts>

export const SubscriptionFacts = z.object({
  /** The provider's id. */
  subscription: z.string(),
  status: z.string(),
  /** The provider's price of the first item. */
  price: z.string().nullable(),
  quantity: z.int().nonnegative(),
  /** Of the first item; null where the provider's version does not say. */
  period: Period.nullable(),
  /** When it will end, whether by `cancel_at` or by `cancel_at_period_end`. */
  cancelAt: Instant.nullable(),
  canceledAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  trialEnd: Instant.nullable(),
  latestInvoice: z.string().nullable(),
})
export type SubscriptionFacts = z.infer<typeof SubscriptionFacts>

export const InvoiceLine = z.object({
  description: z.string().nullable(),
  amountMinor: Minor,
  quantity: z.int().nullable(),
  period: Period.nullable(),
})
export type InvoiceLine = z.infer<typeof InvoiceLine>

export const InvoiceFacts = z.object({
  /** The provider's id. */
  invoice: z.string(),
  status: z.string(),
  deleted: z.boolean(),
  number: z.string().nullable(),
  currency: Currency,
  totalMinor: Minor,
  amountDueMinor: Minor,
  amountPaidMinor: Minor,
  amountRemainingMinor: Minor,
  /** `subscription_create` and so on; the first invoice of a subscription is never dunned. */
  billingReason: z.string().nullable(),
  /** Whether the provider collects by itself. */
  collection: z.enum(['charge_automatically', 'send_invoice']),
  attempted: z.boolean(),
  attemptCount: z.int().nonnegative(),
  nextPaymentAttemptAt: Instant.nullable(),
  finalizedAt: Instant.nullable(),
  dueAt: Instant.nullable(),
  createdAt: Instant,
  period: Period.nullable(),
  lines: z.array(InvoiceLine).max(250),
  hostedUrl: z.string().nullable(),
})
export type InvoiceFacts = z.infer<typeof InvoiceFacts>

/** How the invoice's current payment stands. Only a read with its payments expanded can tell. */
export const InvoicePaymentState = z.object({
  paymentIntent: z.string(),
  status: z.string(),
  /** The bank's word (`insufficient_funds`, `lost_card`), or the error's code. */
  declineCode: z.string().nullable(),
})
export type InvoicePaymentState = z.infer<typeof InvoicePaymentState>

export const PaymentIntentFacts = z.object({
  paymentIntent: z.string(),
  status: z.string(),
  amountMinor: Minor,
  amountReceivedMinor: Minor,
  currency: Currency,
  paymentMethod: z.string().nullable(),
  declineCode: z.string().nullable(),
  /** The page where the customer authenticates, while the status is `requires_action`. */
  nextActionUrl: z.string().nullable(),
  cancellationReason: z.string().nullable(),
})
export type PaymentIntentFacts = z.infer<typeof PaymentIntentFacts>

export const ChargeFacts = z.object({
  charge: z.string(),
  status: z.string(),
  captured: z.boolean(),
  amountMinor: Minor,
  amountCapturedMinor: Minor,
  amountRefundedMinor: Minor,
  currency: Currency,
  declineCode: z.string().nullable(),
})
export type ChargeFacts = z.infer<typeof ChargeFacts>

export const RefundFacts = z.object({
  refund: z.string(),
  status: z.string(),
  amountMinor: Minor,
  currency: Currency,
})
export type RefundFacts = z.infer<typeof RefundFacts>

export const DisputeFacts = z.object({
  dispute: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  amountMinor: Minor,
  currency: Currency,
})
export type DisputeFacts = z.infer<typeof DisputeFacts>

/** What a plan sells, frozen into a subscription when it begins or when its price changes. */
export const PlanTerms = z.object({
  plan: z.string(),
  product: z.string(),
  name: z.string(),
  amountMinor: Minor.nonnegative(),
  currency: Currency,
  interval: z.enum(['day', 'week', 'month', 'year']),
  intervalCount: z.int().positive(),
  trialDays: z.int().nonnegative(),
  /** Feature key to its limit: true for unlimited use, a number for a quota. */
  features: z.record(z.string(), z.union([z.literal(true), z.int().nonnegative()])),
})
export type PlanTerms = z.infer<typeof PlanTerms>

/** Links from a provider's object to the account it belongs to. */
export const AccountRef = z.custom<ActorRef<'account'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('account/'),
)
export type AccountRef = z.infer<typeof AccountRef>
export const SubscriptionRef = z.custom<ActorRef<'subscription'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('subscription/'),
)
export type SubscriptionRef = z.infer<typeof SubscriptionRef>
export const InvoiceRef = z.custom<ActorRef<'invoice'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('invoice/'),
)
export type InvoiceRef = z.infer<typeof InvoiceRef>
export const PaymentRef = z.custom<ActorRef<'payment'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('payment/'),
)
export type PaymentRef = z.infer<typeof PaymentRef>
