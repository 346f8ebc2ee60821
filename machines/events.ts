import { z } from 'zod'
import { DunningPolicy } from './dunning-policy.ts'
import {
  AccountRef,
  ChargeFacts,
  CheckoutSessionFacts,
  Currency,
  CustomerFacts,
  DisputeFacts,
  InvoiceFacts,
  InvoiceLine,
  InvoicePaymentState,
  InvoiceRef,
  Minor,
  PaymentIntentFacts,
  PaymentMethodFacts,
  PaymentRef,
  Period,
  PlanTerms,
  Provider,
  RefundFacts,
  SetupIntentFacts,
  SubscriptionFacts,
  SubscriptionRef,
} from './facts.ts'
import { ActorRef } from './ids.ts'
import { Instant } from './instant.ts'

// Everything that each actor may be told. `noun.past` is an observation; an imperative is a request.

/** What the runtime adds to every event before a chart sees it. */
export interface Told {
  /** When it happened (`Envelope.occurredAt`): the only clock that a chart has. */
  readonly at: Instant
  /** Who did it (`Envelope.principal`). */
  readonly by: string
  /** The number of the journal entry that this decision becomes. */
  readonly seq: number
}

/** Of a fresh read: the seq of the entry that asked; of a webhook: null. */
const read = z.int().positive().nullable()
/** The sender's seq: a summary with a lower one than is known is out of date. */
const version = z.int().positive()

/** The provider has no such object (any more). */
const ObjectMissing = z.object({
  type: z.literal('object.missing'),
  object: z.string(),
  id: z.string(),
})
/** An effect was refused by the provider for good: a decline, or a request it does not accept. */
const EffectRejected = z.object({
  type: z.literal('effect.rejected'),
  effect: z.string(),
  code: z.string(),
  message: z.string(),
})
/** Asks the provider how things stand, whatever is known. */
const Refresh = z.object({ type: z.literal('refresh') })

/** What a customer must do to complete a payment. */
export const NextAction = z.object({
  paymentIntent: z.string().nullable(),
  /** For the provider's own form in the browser. */
  clientSecret: z.string().nullable(),
  /** The page where the customer authenticates. */
  url: z.string().nullable(),
  /** The bank's refusal: another payment method is wanted. */
  declineCode: z.string().nullable(),
})
export type NextAction = z.infer<typeof NextAction>

// --- summaries that one actor sends another

export const SubscriptionChanged = z.object({
  type: z.literal('subscription.changed'),
  version,
  subscription: SubscriptionRef,
  collector: z.enum(['provider', 'platform']),
  status: z.string(),
  terms: PlanTerms.nullable(),
  quantity: z.int().nonnegative(),
  period: Period.nullable(),
  cancelAt: Instant.nullable(),
})
export type SubscriptionChanged = z.infer<typeof SubscriptionChanged>

export const InvoiceChanged = z.object({
  type: z.literal('invoice.changed'),
  version,
  invoice: InvoiceRef,
  account: AccountRef.nullable(),
  subscription: SubscriptionRef.nullable(),
  collector: z.enum(['provider', 'platform']),
  status: z.string(),
  currency: Currency,
  amountRemainingMinor: Minor,
  /** Since when it is due: its finalisation. Dunning counts its days from here. */
  dueSince: Instant.nullable(),
  /** True if its collection has failed, or cannot begin for want of a payment method. */
  failing: z.boolean(),
  /** The bank's refusal that no retry can mend, if that is why. */
  hardDecline: z.string().nullable(),
  /** Billing periods from the anchor; of platform invoices. */
  periodIndex: z.int().nonnegative().nullable(),
  /** What the customer must do to pay it, if anything; of platform invoices. */
  nextAction: NextAction.nullable(),
})
export type InvoiceChanged = z.infer<typeof InvoiceChanged>

export const PaymentChanged = z.object({
  type: z.literal('payment.changed'),
  version,
  payment: PaymentRef,
  status: z.string(),
  declineCode: z.string().nullable(),
  nextActionUrl: z.string().nullable(),
  amountReceivedMinor: Minor,
  amountRefundedMinor: Minor,
  dispute: z.enum(['none', 'inquiry', 'open', 'won', 'lost']),
  /** Which of the invoice's own attempts this is; null if another channel started it. */
  attempt: z.int().positive().nullable(),
})
export type PaymentChanged = z.infer<typeof PaymentChanged>

export const DunningChanged = z.object({
  type: z.literal('dunning.changed'),
  version,
  invoice: InvoiceRef,
  stage: z.enum(['collecting', 'bad_debt', 'recovered', 'closed']),
  restricted: z.boolean(),
  banned: z.boolean(),
  /** Since when another payment method is required; null if none is. */
  enforcedAt: Instant.nullable(),
  /** A method that came after the first demand and was refused for good as well: it does not meet it. */
  refusedMethod: z.string().nullable(),
})
export type DunningChanged = z.infer<typeof DunningChanged>

// --- account

export const AccountEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('account.create'),
    email: z.email(),
    name: z.string().nullable(),
    currency: Currency,
    provider: Provider,
  }),
  z.object({ type: z.literal('payment_method.add'), provider: Provider, token: z.string() }),
  z.object({ type: z.literal('account.ban'), reason: z.string().min(1).max(100) }),
  z.object({ type: z.literal('account.unban'), reason: z.string().min(1).max(100) }),
  z.object({ type: z.literal('account.close') }),
  z.object({ type: z.literal('customer.observed'), read, facts: CustomerFacts }),
  /** The provider may know more of the customer and its payment methods than we do: they are read. */
  z.object({ type: z.literal('customer.hinted'), customer: z.string() }),
  /** All that the provider lists as attached: what we believe to be attached beside it is read. */
  z.object({ type: z.literal('wallet.observed'), paymentMethods: z.array(z.string()) }),
  z.object({ type: z.literal('payment_method.observed'), read, facts: PaymentMethodFacts }),
  z.object({ type: z.literal('setup_intent.observed'), read, facts: SetupIntentFacts }),
  z.object({ type: z.literal('checkout_session.observed'), read, facts: CheckoutSessionFacts }),
  SubscriptionChanged,
  InvoiceChanged,
  DunningChanged,
  ObjectMissing,
  EffectRejected,
  Refresh,
])
export type AccountEvent = z.infer<typeof AccountEvent>

// --- subscription

export const SubscriptionEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('subscription.create'),
    account: AccountRef,
    terms: PlanTerms,
    quantity: z.int().positive(),
    collector: z.enum(['provider', 'platform']),
    provider: Provider,
  }),
  z.object({ type: z.literal('subscription.cancel'), when: z.enum(['period_end', 'now']) }),
  z.object({ type: z.literal('subscription.resume') }),
  /** The provider took our request to create it. Says what the customer must do next; grants nothing. */
  z.object({
    type: z.literal('subscription.accepted'),
    subscription: z.string(),
    invoice: z.string().nullable(),
    paymentIntent: z.string().nullable(),
    clientSecret: z.string().nullable(),
    /** The payment method that may be charged now, with the customer present. */
    paymentMethod: z.string().nullable(),
  }),
  /** The account has a payment method that it had not when this began: the first payment may use it. */
  z.object({ type: z.literal('payment_method.available'), version, paymentMethod: z.string() }),
  /** How the customer's payment stands after it was confirmed with the customer present. */
  z.object({
    type: z.literal('payment.prepared'),
    status: z.string(),
    nextActionUrl: z.string().nullable(),
    declineCode: z.string().nullable(),
  }),
  z.object({
    type: z.literal('subscription.observed'),
    read,
    account: AccountRef,
    terms: PlanTerms.nullable(),
    facts: SubscriptionFacts,
  }),
  /** Another object of the provider names it; if nothing is known of it yet, it is read. */
  z.object({
    type: z.literal('subscription.referenced'),
    provider: Provider,
    subscription: z.string(),
    account: AccountRef.nullable(),
  }),
  /** The provider says that it changed, and not how. */
  z.object({ type: z.literal('subscription.hinted'), subscription: z.string() }),
  InvoiceChanged,
  ObjectMissing,
  EffectRejected,
  Refresh,
])
export type SubscriptionEvent = z.infer<typeof SubscriptionEvent>

// --- invoice

export const InvoiceEvent = z.discriminatedUnion('type', [
  /** The platform bills: of invoices whose collector is `platform`. */
  z.object({
    type: z.literal('invoice.issued'),
    version,
    account: AccountRef,
    subscription: SubscriptionRef,
    provider: Provider,
    currency: Currency,
    lines: z.array(InvoiceLine).min(1).max(250),
    period: Period,
    periodIndex: z.int().nonnegative(),
    /** True for the first invoice: the customer is there to authenticate. */
    onSession: z.boolean(),
  }),
  z.object({ type: z.literal('invoice.pay'), paymentMethod: z.string().nullable() }),
  z.object({ type: z.literal('invoice.void') }),
  /** The account has a payment method that it had not when this invoice failed: try it at once. */
  z.object({ type: z.literal('payment_method.available'), version, paymentMethod: z.string() }),
  /** Dunning asks for another attempt. */
  z.object({ type: z.literal('charge.due'), version, step: z.int().nonnegative() }),
  /** Dunning has given up. */
  z.object({ type: z.literal('invoice.written_off'), version }),
  /** The provider took the charge; what became of it comes from the payment. */
  z.object({
    type: z.literal('charge.submitted'),
    attempt: z.int().positive(),
    /** The PaymentIntent's status in the provider's answer. */
    status: z.string(),
    paymentIntent: z.string(),
    clientSecret: z.string().nullable(),
    nextActionUrl: z.string().nullable(),
    /** The method that was charged; null if the customer is still to give one. */
    paymentMethod: z.string().nullable(),
  }),
  z.object({
    type: z.literal('invoice.observed'),
    read,
    account: AccountRef.nullable(),
    subscription: SubscriptionRef.nullable(),
    facts: InvoiceFacts,
    /** Only of a read with its payments expanded; null where nothing is known. */
    payment: InvoicePaymentState.nullable(),
  }),
  z.object({ type: z.literal('invoice.hinted'), invoice: z.string() }),
  PaymentChanged,
  ObjectMissing,
  EffectRejected,
  Refresh,
])
export type InvoiceEvent = z.infer<typeof InvoiceEvent>

// --- payment: one PaymentIntent (or an old charge without one), with its charges, refunds and disputes

export const PaymentEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('payment_intent.observed'),
    read,
    account: AccountRef.nullable(),
    invoice: InvoiceRef.nullable(),
    attempt: z.int().positive().nullable(),
    facts: PaymentIntentFacts,
  }),
  z.object({
    type: z.literal('charge.observed'),
    read,
    account: AccountRef.nullable(),
    invoice: InvoiceRef.nullable(),
    facts: ChargeFacts,
  }),
  z.object({ type: z.literal('refund.observed'), read, facts: RefundFacts }),
  z.object({ type: z.literal('dispute.observed'), read, facts: DisputeFacts }),
  /** The provider says which invoice it pays. */
  z.object({ type: z.literal('payment.linked'), invoice: InvoiceRef }),
  ObjectMissing,
  EffectRejected,
  Refresh,
])
export type PaymentEvent = z.infer<typeof PaymentEvent>

// --- dunning: one case per unpaid invoice; its id is the invoice's

export const DunningEvent = z.discriminatedUnion('type', [
  InvoiceChanged,
  z.object({ type: z.literal('policy.given'), policy: DunningPolicy }),
  /** The account has another default method than before: a refusal that comes later is of this one. */
  z.object({ type: z.literal('payment_method.available'), version, paymentMethod: z.string() }),
  EffectRejected,
])
export type DunningEvent = z.infer<typeof DunningEvent>

// --- event: one webhook, kept as it came

export const EventEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('event.received'),
    provider: Provider,
    eventId: z.string(),
    eventType: z.string(),
    apiVersion: z.string().nullable(),
    /** The body as it came, byte for byte (UTF-8). */
    body: z.string(),
    /** Why it is not for us (another account, another mode); null if it is. */
    quarantine: z.string().nullable(),
  }),
  z.object({
    type: z.literal('event.applied'),
    outcome: z.enum(['applied', 'ignored']),
    detail: z.string().nullable(),
    told: z.array(z.string()),
  }),
])
export type EventEvent = z.infer<typeof EventEvent>

// --- reconciliation: one for each provider

/** How one field of an object differs; values are JSON, cut short, and an e-mail address is never shown. */
export const Drift = z.object({
  ref: ActorRef,
  /** Of the facts; `object` where we knew nothing of it. */
  field: z.string(),
  ours: z.string().nullable(),
  theirs: z.string().nullable(),
})
export type Drift = z.infer<typeof Drift>

/** What one part of a sweep found: the objects compared, how many of them differed, and the first of how. */
const Swept = {
  /** The sweep, and the position at which the part began: a part told twice, or too late, counts once. */
  sweep: z.int().positive(),
  from: z.string().nullable(),
  objects: z.int().nonnegative(),
  driftCount: z.int().nonnegative(),
  drift: z.array(Drift).max(100),
}

export const ReconciliationEvent = z.discriminatedUnion('type', [
  /** How far the provider's list of events has been read; opaque here. */
  z.object({ type: z.literal('cursor.moved'), cursor: z.string() }),
  /** Events were lost for good: the provider keeps none as old as the last that was read. */
  z.object({ type: z.literal('gap.found'), lostSince: Instant }),
  z.object({ type: z.literal('sweep.advanced'), ...Swept, position: z.string() }),
  z.object({ type: z.literal('sweep.finished'), ...Swept }),
  Refresh,
])
export type ReconciliationEvent = z.infer<typeof ReconciliationEvent>
