import type { Standing } from '../chart-types.ts'
import { summary, type Summary } from '../messages.ts'
import { amountReceived, amountRefunded, disputeOf, statusOf } from './standing.ts'
import { type PaymentContext, refOf } from './state.ts'

/**
 * What asks something of the invoice: a payment under way does not, until it fails, waits or
 * succeeds.
 */
const decided = new Set(['requires_action', 'canceled', 'succeeded'])

/**
 * The platform's invoice hears how its payment stands; one that the provider collects has its own
 * word.
 */
export function paymentSummaries({ context }: Standing<PaymentContext>): Summary[] {
  if (context.invoice === null || context.collector !== 'platform') return []
  const status = statusOf(context)
  const declineCode = status === 'succeeded' ? null : (context.intent?.facts.declineCode ?? null)
  const waits = status === 'requires_action'
  const event = {
    type: 'payment.changed' as const,
    payment: refOf(context),
    status,
    declineCode,
    nextActionUrl: waits ? (context.intent?.facts.nextActionUrl ?? null) : null,
    amountReceivedMinor: amountReceived(context),
    amountRefundedMinor: amountRefunded(context),
    dispute: disputeOf(context),
    attempt: context.attempt,
  }
  return [summary(context.invoice, event, decided.has(status) || declineCode !== null)]
}
