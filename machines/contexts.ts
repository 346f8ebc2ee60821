import { z } from 'zod'
import { DunningPolicy } from './dunning-policy.ts'
import { Entitlements } from './entitlements.ts'
import {
  Drift,
  DunningChanged,
  InvoiceChanged,
  NextAction,
  PaymentChanged,
  SubscriptionChanged,
} from './events.ts'
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
  Period,
  PlanTerms,
  Provider,
  RefundFacts,
  SetupIntentFacts,
  SubscriptionFacts,
  SubscriptionRef,
} from './facts.ts'
import { Instant } from './instant.ts'

// What each actor remembers beside its states. These are stored: a change here is a new chart version.

function observed<Facts extends z.ZodType>(facts: Facts) {
  return z.object({
    facts,
    at: Instant,
    read: z.int().positive().nullable(),
    seq: z.int().positive(),
  })
}

/** The provider's last refusal of something that we asked. */
const Rejection = z.object({
  effect: z.string(),
  code: z.string(),
  message: z.string(),
  at: Instant,
})

export const AccountContext = z.object({
  id: z.string(),
  provider: Provider.nullable(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  currency: Currency.nullable(),
  createdAt: Instant.nullable(),
  /** The latest moment that news of the customer, or a timer, has told: by it is judged what has expired. */
  asOf: Instant.nullable(),
  customer: observed(CustomerFacts).nullable(),
  paymentMethods: z.record(z.string(), observed(PaymentMethodFacts)),
  setupIntents: z.record(z.string(), observed(SetupIntentFacts)),
  checkoutSessions: z.record(z.string(), observed(CheckoutSessionFacts)),
  /** The newest summary of each subscription, by its ref; and so on. */
  subscriptions: z.record(z.string(), SubscriptionChanged.omit({ type: true })),
  invoices: z.record(z.string(), InvoiceChanged.omit({ type: true })),
  cases: z.record(z.string(), DunningChanged.omit({ type: true })),
  /** Bans by their reason: a set, of which lifting one keeps the others. */
  bans: z.record(z.string(), z.object({ by: z.string(), at: Instant })),
  /** Payment methods that the provider was asked to attach and has not answered for, by the asking entry. */
  attaching: z.record(z.string(), Instant),
  /** When it was asked to close: from then on it is offered nothing, and grants nothing. */
  closedAt: Instant.nullable(),
  rejection: Rejection.nullable(),
  entitlements: Entitlements,
})
export type AccountContext = z.infer<typeof AccountContext>

export const SubscriptionContext = z.object({
  id: z.string(),
  account: AccountRef.nullable(),
  provider: Provider.nullable(),
  collector: z.enum(['provider', 'platform']),
  terms: PlanTerms.nullable(),
  quantity: z.int().nonnegative(),
  createdAt: Instant.nullable(),
  /** The provider's id; null while it has none, and for ever if the platform collects. */
  providerId: z.string().nullable(),
  observed: observed(SubscriptionFacts).nullable(),
  /** The provider's handle on the first payment, while it is being confirmed. */
  firstPayment: z
    .object({ paymentIntent: z.string().nullable(), clientSecret: z.string().nullable() })
    .nullable(),
  /** The payment method with which it was last confirmed, or is to be. */
  firstMethod: z.string().nullable(),
  /** What the customer must do to complete the first payment; null while that is not known. */
  nextAction: NextAction.nullable(),
  /** Platform billing: period k runs from the anchor plus k intervals. */
  anchorAt: Instant.nullable(),
  periodIndex: z.int().nonnegative(),
  period: Period.nullable(),
  cancelAt: Instant.nullable(),
  canceledAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  invoices: z.record(z.string(), InvoiceChanged.omit({ type: true })),
  rejection: Rejection.nullable(),
})
export type SubscriptionContext = z.infer<typeof SubscriptionContext>

export const InvoiceContext = z.object({
  id: z.string(),
  account: AccountRef.nullable(),
  subscription: SubscriptionRef.nullable(),
  provider: Provider.nullable(),
  collector: z.enum(['provider', 'platform']),
  observed: observed(InvoiceFacts).nullable(),
  /** Of a provider's invoice: how its payment stood at the last read, and for which attempt. */
  payment: InvoicePaymentState.extend({ attemptCount: z.int().nonnegative() }).nullable(),
  /** The provider's `attempt_count` at the last read that told how the payment stands. */
  readAttempt: z.int().nonnegative().nullable(),
  /** Of the platform's invoice. */
  issue: z
    .object({
      currency: Currency,
      lines: z.array(InvoiceLine),
      totalMinor: Minor,
      period: Period,
      periodIndex: z.int().nonnegative(),
      issuedAt: Instant,
      onSession: z.boolean(),
    })
    .nullable(),
  /** Charge attempts of the platform, counted. */
  attempt: z.int().nonnegative(),
  /** The payment of the current attempt, once the provider has taken it. */
  paymentIntent: z.string().nullable(),
  clientSecret: z.string().nullable(),
  nextActionUrl: z.string().nullable(),
  declineCode: z.string().nullable(),
  /** The method of the latest attempt, once the provider has taken it. */
  chargedMethod: z.string().nullable(),
  /** A payment method that was named for the next attempt, and not tried yet. */
  offeredMethod: z.string().nullable(),
  /** Asked for while an attempt was under way: done when that has ended. */
  voidWantedAt: Instant.nullable(),
  writeOffWantedAt: Instant.nullable(),
  /** The newest summary of every payment, by its ref. */
  payments: z.record(z.string(), PaymentChanged.omit({ type: true })),
  /** The entry that opened the dunning case, which from then on is told everything; 0 while there is none. */
  caseSeq: z.int().nonnegative(),
  /** The entry whose `invoice.pay` the provider has not answered yet. */
  paySeq: z.int().positive().nullable(),
  paidAt: Instant.nullable(),
  rejection: Rejection.nullable(),
})
export type InvoiceContext = z.infer<typeof InvoiceContext>

export const PaymentContext = z.object({
  id: z.string(),
  provider: Provider,
  account: AccountRef.nullable(),
  invoice: InvoiceRef.nullable(),
  attempt: z.int().positive().nullable(),
  intent: observed(PaymentIntentFacts).nullable(),
  charges: z.record(z.string(), observed(ChargeFacts)),
  refunds: z.record(z.string(), observed(RefundFacts)),
  /** Refunds that were seen to succeed, whatever became of them: the ledger reverses only what it booked. */
  refundsPaidOut: z.array(z.string()),
  disputes: z.record(z.string(), observed(DisputeFacts)),
})
export type PaymentContext = z.infer<typeof PaymentContext>

export const DunningContext = z.object({
  id: z.string(),
  /** The newest summary of the invoice. */
  invoice: InvoiceChanged.omit({ type: true }).nullable(),
  policy: DunningPolicy.nullable(),
  /** From when the days of the policy are counted; null before the case opens. */
  anchorAt: Instant.nullable(),
  /** The index of the next step in the policy. */
  nextStep: z.int().nonnegative(),
  stepsTaken: z.array(z.object({ step: z.int().nonnegative(), at: Instant })),
  restricted: z.boolean(),
  banned: z.boolean(),
  enforcedAt: Instant.nullable(),
  /** The method against which another was demanded again; null if any since the demand will do. */
  refusedMethod: z.string().nullable(),
  /** The newest word of a refusal that no retry can mend, while it is the invoice's newest word. */
  declined: z.object({ at: Instant, seq: z.int().positive() }).nullable(),
  /** The newest default method that the account told of while the case was open. */
  offered: z
    .object({
      paymentMethod: z.string(),
      version: z.int().positive(),
      at: Instant,
      seq: z.int().positive(),
    })
    .nullable(),
})
export type DunningContext = z.infer<typeof DunningContext>

export const EventContext = z.object({
  id: z.string(),
  provider: Provider.nullable(),
  eventId: z.string().nullable(),
  eventType: z.string().nullable(),
  apiVersion: z.string().nullable(),
  /** Why it was quarantined or ignored. */
  detail: z.string().nullable(),
  /** The actors that it concerned. */
  told: z.array(z.string()),
})
export type EventContext = z.infer<typeof EventContext>

/** Sums over the parts of one walk through the provider's objects. */
const Sweep = z.object({
  /** Which one: from 1. */
  number: z.int().positive(),
  /** `first` and `routine` look at what the provider lists; the others at every account of ours, too. */
  reason: z.enum(['first', 'routine', 'gap', 'asked']),
  /** Null for the first, which is due from the beginning. */
  startedAt: Instant.nullable(),
  objects: z.int().nonnegative(),
  /** How many of them differed from what we knew. */
  driftCount: z.int().nonnegative(),
  /** The first hundred differences. */
  drift: z.array(Drift),
})

export const ReconciliationContext = z.object({
  /** The provider. */
  id: z.string(),
  cursor: z.string().nullable(),
  /** The newest gap: the provider's events from here on were lost. */
  lostSince: Instant.nullable(),
  sweepsBegun: z.int().positive(),
  /** The walk under way, and where it goes on; null between walks. */
  sweep: Sweep.extend({ position: z.string().nullable() }).nullable(),
  /** The last walk that came to its end. */
  report: Sweep.extend({ finishedAt: Instant }).nullable(),
})
export type ReconciliationContext = z.infer<typeof ReconciliationContext>
