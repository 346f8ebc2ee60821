import {
  type Observation,
  type Progress,
  type Weight,
  isTaken,
  observedOf,
  progressOf,
  weigh,
} from '../observation.ts'
import type { ChargeFacts, DisputeFacts, PaymentIntentFacts, RefundFacts } from './facts.ts'
import { intentStatuses } from './standing.ts'
import type { PaymentChange, PaymentContext, PaymentScope } from './state.ts'

// How a payment folds what it is told: its PaymentIntent, charges, refunds and disputes are objects
// of their own at the provider, and need no order between them.

function isIntentStatus(status: string): boolean {
  return intentStatuses.some((known) => known === status)
}

const intentProgress = progressOf<PaymentIntentFacts>(intentStatuses, ['canceled', 'succeeded'])

const chargeProgress: Progress<ChargeFacts> = {
  // Settled for good; what follows (refunds, disputes) is told by a charge that is settled too.
  isTerminal: ({ status }) => status === 'succeeded' || status === 'failed',
  rank: ({ status, captured, amountRefundedMinor }) =>
    ['pending', 'failed', 'succeeded'].indexOf(status) * 1e12 +
    (captured ? 1e11 : 0) +
    amountRefundedMinor,
}

// A refund can fail after it succeeded (DOMAIN: refunds), so `succeeded` is not the end.
const refundProgress = progressOf<RefundFacts>(
  ['pending', 'requires_action', 'succeeded', 'canceled', 'failed'],
  ['canceled', 'failed'],
)

const disputeProgress = progressOf<DisputeFacts>(
  [
    'warning_needs_response',
    'warning_under_review',
    'needs_response',
    'under_review',
    'warning_closed',
    'prevented',
    'won',
    'lost',
  ],
  ['warning_closed', 'prevented', 'won', 'lost'],
)

export function weighInPayment({ context, event }: PaymentScope): Weight {
  switch (event.type) {
    case 'payment_intent.observed':
      // A status that we do not know may not hide one that we do, whichever comes first.
      if (!isIntentStatus(event.facts.status)) return 'stale'
      return weigh(context.intent, event, intentProgress)
    case 'charge.observed':
      return weigh(context.charges[event.facts.charge], event, chargeProgress)
    case 'refund.observed':
      return weigh(context.refunds[event.facts.refund], event, refundProgress)
    case 'dispute.observed':
      return weigh(context.disputes[event.facts.dispute], event, disputeProgress)
    default:
      return 'stale'
  }
}

/** What a charge tells of its PaymentIntent, weighed as if that had told it. */
export function weighIntentOfCharge(scope: PaymentScope): Weight {
  const told = intentOfCharge(scope)
  return told === null ? 'stale' : weigh(scope.context.intent, told, intentProgress)
}

function intentOfCharge({ event }: PaymentScope): Observation<PaymentIntentFacts> | null {
  if (event.type !== 'charge.observed' || event.intent === null) return null
  const { intent: facts, at, read, seq } = event
  return { facts, at, read, seq }
}

function intentIn(scope: PaymentScope): PaymentChange {
  const told = intentOfCharge(scope)
  if (told === null || !isTaken(weighIntentOfCharge(scope))) return {}
  return { intent: observedOf(scope.context.intent, told) }
}

export function foldPayment(scope: PaymentScope): PaymentChange {
  const { context, event } = scope
  const lasting = { ...ownersIn(scope), ...paidOutIn(scope), ...intentIn(scope) }
  if (!isTaken(weighInPayment(scope))) return lasting
  switch (event.type) {
    case 'payment_intent.observed':
      return {
        ...lasting,
        intent: observedOf(context.intent, event),
      }
    case 'charge.observed':
      return {
        ...lasting,
        charges: {
          ...context.charges,
          [event.facts.charge]: observedOf(context.charges[event.facts.charge], event),
        },
      }
    case 'refund.observed':
      return {
        ...lasting,
        provider: event.provider,
        refunds: {
          ...context.refunds,
          [event.facts.refund]: observedOf(context.refunds[event.facts.refund], event),
        },
      }
    case 'dispute.observed':
      return {
        provider: event.provider,
        disputes: {
          ...context.disputes,
          [event.facts.dispute]: observedOf(context.disputes[event.facts.dispute], event),
        },
      }
    default:
      return lasting
  }
}

/** Whose payment it is, and which attempt, never changes: even a stale word may say it. */
function ownersIn({ context, event }: PaymentScope): PaymentChange {
  if (event.type === 'payment.linked') {
    return { provider: event.provider, invoice: context.invoice ?? event.invoice }
  }
  if (event.type !== 'payment_intent.observed' && event.type !== 'charge.observed') return {}
  return {
    provider: event.provider,
    account: context.account ?? event.account,
    invoice: context.invoice ?? event.invoice,
    collector: event.collector === 'platform' ? 'platform' : context.collector,
    attempt: context.attempt ?? ('attempt' in event ? event.attempt : null),
  }
}

/** A refund was paid out even if it has failed since: a stale word may be the first to say so. */
function paidOutIn({ context: { refundsPaidOut: known }, event }: PaymentScope): PaymentChange {
  if (event.type !== 'refund.observed') return {}
  const { refund, status } = event.facts
  const isNew = status === 'succeeded' && !known.includes(refund)
  return isNew ? { refundsPaidOut: [...known, refund].sort() } : {}
}

/** True if the event tells something that was not known, be it only whose payment it is. */
export function isNews(scope: PaymentScope): boolean {
  const owners = ownersIn(scope)
  const { context } = scope
  return (
    isTaken(weighInPayment(scope)) ||
    paidOutIn(scope).refundsPaidOut !== undefined ||
    isTaken(weighIntentOfCharge(scope)) ||
    (owners.attempt !== undefined && owners.attempt !== context.attempt) ||
    (owners.account !== undefined && owners.account !== context.account) ||
    (owners.invoice !== undefined && owners.invoice !== context.invoice) ||
    (owners.collector !== undefined && owners.collector !== context.collector)
  )
}

/** The context with the event folded in. */
export function after(scope: PaymentScope): PaymentContext {
  return { ...scope.context, ...foldPayment(scope) }
}
