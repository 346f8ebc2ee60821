import { readOf, type EffectRequest } from '../effects.ts'
import {
  type Progress,
  type Weight,
  isTaken,
  observedOf,
  progressOf,
  weigh,
} from '../observation.ts'
import type { PaymentRef } from '../refs.ts'
import type { Stamped } from '../shared-events.ts'
import type { PaymentEvent } from './events.ts'
import type { ChargeFacts, DisputeFacts, PaymentIntentFacts, RefundFacts } from './facts.ts'
import type { PaymentContext } from './state.ts'
import type { PaymentChanged } from './summary.ts'

// How a payment folds what it is told: its PaymentIntent, charges, refunds and disputes are objects of
// their own at the provider, and need no order between them. What follows is derived, not stepped.

type Event = PaymentEvent & Stamped
type Change = Partial<PaymentContext>
export type Scope = { context: PaymentContext; event: Event }

export function emptyPayment(id: string): PaymentContext {
  return {
    id,
    provider: null,
    account: null,
    invoice: null,
    collector: 'provider',
    attempt: null,
    intent: null,
    charges: {},
    refunds: {},
    refundsPaidOut: [],
    disputes: {},
  }
}

export const intentStatuses = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'canceled',
  'succeeded',
] as const

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

export function weighInPayment({ context, event }: Scope): Weight {
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

export function foldPayment({ context, event }: Scope): Change {
  const lasting = { ...ownersIn({ context, event }), ...paidOutIn({ context, event }) }
  if (!isTaken(weighInPayment({ context, event }))) return lasting
  switch (event.type) {
    case 'payment_intent.observed':
      return {
        ...lasting,
        intent: observedOf(context.intent, event),
        attempt: event.attempt ?? context.attempt,
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

/** Whose payment it is never changes, so that even a stale word may say it. */
function ownersIn({ context, event }: Scope): Change {
  if (event.type === 'payment.linked') {
    return { provider: event.provider, invoice: context.invoice ?? event.invoice }
  }
  if (event.type !== 'payment_intent.observed' && event.type !== 'charge.observed') return {}
  return {
    provider: event.provider,
    account: context.account ?? event.account,
    invoice: context.invoice ?? event.invoice,
    collector: event.collector === 'platform' ? 'platform' : context.collector,
  }
}

/** A refund was paid out even if it has failed since: a stale word may be the first to say so. */
function paidOutIn({ context: { refundsPaidOut: known }, event }: Scope): Change {
  if (event.type !== 'refund.observed') return {}
  const { refund, status } = event.facts
  const isNew = status === 'succeeded' && !known.includes(refund)
  return isNew ? { refundsPaidOut: [...known, refund].sort() } : {}
}

/** True if the event tells something that was not known, be it only whose payment it is. */
export function isNews(scope: Scope): boolean {
  const owners = ownersIn(scope)
  const { context } = scope
  return (
    isTaken(weighInPayment(scope)) ||
    paidOutIn(scope).refundsPaidOut !== undefined ||
    (owners.account !== undefined && owners.account !== context.account) ||
    (owners.invoice !== undefined && owners.invoice !== context.invoice) ||
    (owners.collector !== undefined && owners.collector !== context.collector)
  )
}

/**
 * Where the payment stands. Money that a charge has captured is captured, whatever an older word of the
 * PaymentIntent says (`payment_intent.created` may arrive last).
 */
export function statusOf({ intent, charges }: PaymentContext): string {
  const captured = Object.values(charges).some(
    ({ facts }) => facts.status === 'succeeded' && facts.captured,
  )
  if (captured) return 'succeeded'
  if (intent) return intent.facts.status
  const statuses = Object.values(charges).map(({ facts }) => facts.status)
  if (statuses.length === 0) return 'unknown'
  if (statuses.includes('pending')) return 'processing'
  return statuses.includes('succeeded') ? 'requires_capture' : 'requires_payment_method'
}

/** What was captured, in minor units: by the charges if any is known, else by the PaymentIntent. */
export function amountReceived({ intent, charges }: PaymentContext): number {
  const captured = Object.values(charges).reduce(
    (sum, { facts }) => sum + (facts.status === 'succeeded' ? facts.amountCapturedMinor : 0),
    0,
  )
  return captured > 0 ? captured : (intent?.facts.amountReceivedMinor ?? 0)
}

/** What went back, in minor units: the refunds that stand, or what the charges say if that is more. */
export function amountRefunded({ charges, refunds }: PaymentContext): number {
  const standing = Object.values(refunds).reduce(
    (sum, { facts }) => sum + (facts.status === 'succeeded' ? facts.amountMinor : 0),
    0,
  )
  const failed = Object.values(refunds).some(({ facts }) => facts.status === 'failed')
  const charged = Object.values(charges).reduce(
    (sum, { facts }) => sum + facts.amountRefundedMinor,
    0,
  )
  return failed ? standing : Math.max(standing, charged)
}

/** The gravest of its disputes. An inquiry moves no money. */
export function disputeOf({ disputes }: PaymentContext): PaymentChanged['dispute'] {
  const statuses = Object.values(disputes).map(({ facts }) => facts.status)
  if (statuses.includes('lost')) return 'lost'
  if (statuses.some((status) => status === 'needs_response' || status === 'under_review'))
    return 'open'
  if (statuses.includes('won')) return 'won'
  return statuses.some((status) => status.startsWith('warning_')) ? 'inquiry' : 'none'
}

/** How much of what was captured went back. */
export function refundOf(context: PaymentContext): 'none' | 'partial' | 'full' {
  const refunded = amountRefunded(context)
  if (refunded === 0) return 'none'
  return refunded < amountReceived(context) ? 'partial' : 'full'
}

/** The context with the event folded in. */
export function after(scope: Scope): PaymentContext {
  return { ...scope.context, ...foldPayment(scope) }
}

export function refOf(context: PaymentContext): PaymentRef {
  return `payment/${context.id}`
}

/** The fresh read that settles a tie of this very object, or that a hint or a refresh asks for. */
export function requestRead({ context, event }: Scope): EffectRequest | null {
  const provider = 'provider' in event ? event.provider : context.provider
  if (provider === null) return null
  switch (event.type) {
    case 'charge.observed':
      return readOf(provider, 'charge', event.facts.charge)
    case 'refund.observed':
      return readOf(provider, 'refund', event.facts.refund)
    case 'dispute.observed':
      return readOf(provider, 'dispute', event.facts.dispute)
    default:
      return readOf(provider, isOldCharge(context) ? 'charge' : 'payment_intent', context.id)
  }
}

/** A charge without a PaymentIntent is a payment by itself. */
function isOldCharge({ id, charges }: PaymentContext): boolean {
  return Object.hasOwn(charges, id)
}
