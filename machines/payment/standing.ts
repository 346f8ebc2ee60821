import type { PaymentContext } from './state.ts'
import { PaymentChanged } from './summary.ts'

// Where a payment stands, derived from everything that was observed of it: pure.

export const intentStatuses = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'canceled',
  'succeeded',
] as const

/**
 * Where the payment stands. Money that a charge has captured is captured, whatever an older word of
 * the PaymentIntent says (`payment_intent.created` may arrive last).
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

/**
 * What went back, in minor units: the refunds that stand, or what the charges say if that is more.
 */
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

/** How a payment may be disputed. */
export const disputeStates = PaymentChanged.shape.dispute.options

/** The gravest of its disputes. An inquiry moves no money. */
export function disputeOf({ disputes }: PaymentContext): PaymentChanged['dispute'] {
  const statuses = Object.values(disputes).map(({ facts }) => facts.status)
  if (statuses.includes('lost')) return 'lost'
  if (statuses.some((status) => status === 'needs_response' || status === 'under_review'))
    return 'open'
  if (statuses.includes('won')) return 'won'
  return statuses.some((status) => status.startsWith('warning_')) ? 'inquiry' : 'none'
}

export const refundStates = ['none', 'partial', 'full'] as const

/** How much of what was captured went back. */
export function refundOf(context: PaymentContext): (typeof refundStates)[number] {
  const refunded = amountRefunded(context)
  if (refunded === 0) return 'none'
  return refunded < amountReceived(context) ? 'partial' : 'full'
}
