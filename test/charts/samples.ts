import type { AccountEvent } from '../../machines/account/events.ts'
import type { CustomerFacts, PaymentMethodFacts } from '../../machines/account/facts.ts'
import type { PlanTerms } from '../../machines/catalog/terms.ts'
import type { DunningChanged } from '../../machines/dunning/summary.ts'
import type { InvoiceEvent } from '../../machines/invoice/events.ts'
import type { InvoiceFacts } from '../../machines/invoice/facts.ts'
import type { InvoiceChanged } from '../../machines/invoice/summary.ts'
import type { PaymentEvent } from '../../machines/payment/events.ts'
import type {
  ChargeFacts,
  DisputeFacts,
  PaymentIntentFacts,
  RefundFacts,
} from '../../machines/payment/facts.ts'
import type { PaymentChanged } from '../../machines/payment/summary.ts'
import type { SubscriptionEvent } from '../../machines/subscription/events.ts'
import type { SubscriptionFacts } from '../../machines/subscription/facts.ts'
import type { SubscriptionChanged } from '../../machines/subscription/summary.ts'
import { instantOfSeconds, plusDays, type Instant } from '../../values/instant.ts'

// Samples of everything that tests of the charts tell: a plausible value, and what is to differ.

const start = 1_767_225_600 // 2026-01-01T00:00:00Z

/** The instant `n` seconds after the test's beginning. */
export function second(n: number): Instant {
  return instantOfSeconds(start + n)
}

/** The instant `n` days after the test's beginning. */
export function day(n: number): Instant {
  return plusDays(second(0), n)
}

/** Of each type, the id of the one actor that samples speak of. */
export const sampleIds = {
  account: 'acct_1',
  subscription: 'sub_1',
  invoice: 'in_1',
  payment: 'pi_1',
  dunning: 'in_1',
  event: 'evt_1',
  reconciliation: 'stripe',
} as const

export const account = 'account/acct_1'
export const subscription = 'subscription/sub_1'
export const invoice = 'invoice/in_1'
export const payment = 'payment/pi_1'

export const terms: PlanTerms = {
  plan: 'pro_monthly',
  product: 'pro',
  name: 'Pro, monthly',
  amountMinor: 2900,
  currency: 'usd',
  interval: 'month',
  intervalCount: 1,
  trialDays: 0,
  features: { api: true, projects: 50 },
}
export const yearly: PlanTerms = { ...terms, plan: 'pro_yearly', name: 'Pro, yearly' }

export function subscriptionFacts(change: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  return {
    subscription: 'sub_1',
    status: 'active',
    price: 'price_1',
    quantity: 1,
    period: { start: day(0), end: day(31) },
    cancelAt: null,
    canceledAt: null,
    endedAt: null,
    trialEnd: null,
    latestInvoice: 'in_1',
    ...change,
  }
}

type Of<Event extends { type: string }, Type extends Event['type']> = Extract<Event, { type: Type }>

export function subscriptionObserved(
  change: Partial<SubscriptionFacts> = {},
  its: PlanTerms | null = terms,
): Of<SubscriptionEvent, 'subscription.observed'> {
  const facts = subscriptionFacts(change)
  return {
    type: 'subscription.observed',
    provider: 'stripe',
    read: null,
    account,
    terms: its,
    facts,
  }
}

export function invoiceFacts(change: Partial<InvoiceFacts> = {}): InvoiceFacts {
  const paid = change.status === 'paid'
  return {
    invoice: 'in_1',
    status: 'open',
    deleted: false,
    number: null,
    currency: 'usd',
    totalMinor: 2900,
    amountDueMinor: 2900,
    amountPaidMinor: paid ? 2900 : 0,
    amountRemainingMinor: paid ? 0 : 2900,
    billingReason: 'subscription_cycle',
    collection: 'charge_automatically',
    attempted: false,
    attemptCount: 0,
    nextPaymentAttemptAt: null,
    finalizedAt: change.status === 'draft' ? null : second(10),
    dueAt: null,
    createdAt: second(0),
    period: { start: day(0), end: day(31) },
    lines: [],
    hostedUrl: null,
    ...change,
  }
}

/** The platform bills the second period of a subscription. */
export const invoiceIssued = {
  type: 'invoice.issued',
  version: 1,
  account,
  subscription,
  provider: 'stripe',
  currency: 'usd',
  lines: [{ description: 'Pro', amountMinor: 2900, quantity: 1, period: null }],
  period: { start: day(0), end: day(31) },
  periodIndex: 1,
  onSession: false,
}

export function invoiceObserved(
  change: Partial<InvoiceFacts> = {},
  state: Of<InvoiceEvent, 'invoice.observed'>['payment'] = null,
): Of<InvoiceEvent, 'invoice.observed'> {
  const facts = invoiceFacts(change)
  return {
    type: 'invoice.observed',
    provider: 'stripe',
    read: null,
    account,
    subscription,
    facts,
    payment: state,
  }
}

export function intentObserved(
  change: Partial<PaymentIntentFacts> = {},
): Of<PaymentEvent, 'payment_intent.observed'> {
  const facts = {
    paymentIntent: 'pi_1',
    status: 'requires_payment_method',
    amountMinor: 2900,
    amountReceivedMinor: change.status === 'succeeded' ? 2900 : 0,
    currency: 'usd',
    paymentMethod: null,
    declineCode: null,
    nextActionUrl: null,
    cancellationReason: null,
    ...change,
  }
  return {
    type: 'payment_intent.observed',
    provider: 'stripe',
    read: null,
    account,
    invoice,
    collector: 'platform',
    attempt: 1,
    facts,
  }
}

/** All of it is captured, and with that its PaymentIntent has succeeded. */
export function chargeCaptured(
  change: Partial<ChargeFacts> = {},
): Of<PaymentEvent, 'charge.observed'> {
  return chargeObserved(change, intentObserved({ status: 'succeeded' }).facts)
}

export function chargeObserved(
  change: Partial<ChargeFacts> = {},
  intent: PaymentIntentFacts | null = null,
): Of<PaymentEvent, 'charge.observed'> {
  const succeeded = (change.status ?? 'succeeded') === 'succeeded'
  const facts = {
    charge: 'ch_1',
    status: 'succeeded',
    captured: succeeded,
    amountMinor: 2900,
    amountCapturedMinor: succeeded ? 2900 : 0,
    amountRefundedMinor: 0,
    currency: 'usd',
    declineCode: null,
    ...change,
  }
  return {
    type: 'charge.observed',
    provider: 'stripe',
    read: null,
    account,
    invoice: null,
    collector: 'provider',
    facts,
    intent,
  }
}

export function refundObserved(
  change: Partial<RefundFacts> = {},
): Of<PaymentEvent, 'refund.observed'> {
  const facts = { refund: 're_1', status: 'succeeded', amountMinor: 2900, currency: 'usd' }
  return { type: 'refund.observed', provider: 'stripe', read: null, facts: { ...facts, ...change } }
}

export function disputeObserved(
  change: Partial<DisputeFacts> = {},
): Of<PaymentEvent, 'dispute.observed'> {
  const facts = {
    dispute: 'dp_1',
    status: 'needs_response',
    reason: 'fraudulent',
    amountMinor: 2900,
    currency: 'usd',
    ...change,
  }
  return { type: 'dispute.observed', provider: 'stripe', read: null, facts }
}

export function customerObserved(
  change: Partial<CustomerFacts> = {},
): Of<AccountEvent, 'customer.observed'> {
  const facts = {
    customer: 'cus_1',
    deleted: false,
    email: 'ada@example.com',
    defaultPaymentMethod: null,
    ...change,
  }
  return { type: 'customer.observed', provider: 'stripe', read: null, facts }
}

export function methodObserved(
  change: Partial<PaymentMethodFacts> = {},
): Of<AccountEvent, 'payment_method.observed'> {
  const facts: PaymentMethodFacts = {
    provider: 'stripe',
    paymentMethod: 'pm_1',
    attached: true,
    kind: 'card',
    brand: 'visa',
    last4: '4242',
    expMonth: 12,
    expYear: 2030,
    createdAt: second(0),
    ...change,
  }
  return { type: 'payment_method.observed', provider: 'stripe', read: null, facts }
}

export function subscriptionChanged(
  version: number,
  change: Partial<SubscriptionChanged> = {},
): SubscriptionChanged {
  return {
    type: 'subscription.changed',
    version,
    subscription,
    collector: 'provider',
    status: 'active',
    terms,
    quantity: 1,
    cancelAt: null,
    ...change,
  }
}

export function invoiceChanged(
  version: number,
  change: Partial<InvoiceChanged> = {},
): InvoiceChanged {
  return {
    type: 'invoice.changed',
    version,
    invoice,
    account,
    subscription,
    collector: 'provider',
    status: 'open',
    currency: 'usd',
    amountRemainingMinor: 2900,
    dueSince: second(10),
    failing: false,
    hardDecline: null,
    attempt: 1,
    periodIndex: null,
    nextAction: null,
    ...change,
  }
}

export function dunningChanged(
  version: number,
  change: Partial<DunningChanged> = {},
): DunningChanged {
  return {
    type: 'dunning.changed',
    version,
    invoice,
    stage: 'collecting',
    restricted: false,
    banned: false,
    enforcedAt: null,
    refusedMethod: null,
    ...change,
  }
}

export function paymentChanged(
  version: number,
  change: Partial<PaymentChanged> = {},
): PaymentChanged {
  return {
    type: 'payment.changed',
    version,
    payment,
    status: 'processing',
    declineCode: null,
    nextActionUrl: null,
    amountReceivedMinor: change.status === 'succeeded' ? 2900 : 0,
    amountRefundedMinor: 0,
    dispute: 'none',
    attempt: 1,
    ...change,
  }
}
