import type { PaymentRef } from '../refs.ts'
import type { InvoiceChange, InvoiceScope } from './state.ts'

// What its payments say of themselves: which of them is news, and what it means. Pure.

/** The provider's word on a payment: news if its summary is newer than the one that is known. */
export function isNewerPayment({ context, event }: InvoiceScope): boolean {
  if (event.type !== 'payment.changed') return false
  return event.version > (context.payments[event.payment]?.version ?? 0)
}

export function foldPayment({ context, event }: InvoiceScope): InvoiceChange {
  if (event.type !== 'payment.changed' || !isNewerPayment({ context, event })) return {}
  const { type: _type, at, by: _by, seq: _seq, ...summary } = event
  const payments = { ...context.payments, [event.payment]: summary }
  if (context.collector === 'provider') return { payments }
  const settled = event.status === 'succeeded'
  const isCurrent = event.attempt === context.attempt
  // What became of an earlier attempt, told late or again, says nothing of the one that counts.
  if (!settled && (!isCurrent || context.paidAt !== null)) return { payments }
  return {
    payments,
    paymentIntent: isCurrent ? paymentIdOf(event.payment) : context.paymentIntent,
    nextActionUrl: settled ? null : event.nextActionUrl,
    // A failure is one until the next attempt, or the payment; its cancellation has no reason of
    // its own.
    declineCode: settled ? null : (event.declineCode ?? context.declineCode),
    paidAt: settled ? (context.paidAt ?? at) : context.paidAt,
  }
}

function paymentIdOf(payment: PaymentRef): string {
  return payment.slice('payment/'.length)
}

/** The event speaks of the attempt that is under way. */
export function isOfThisAttempt({ context, event }: InvoiceScope): boolean {
  return event.type === 'payment.changed' && event.attempt === context.attempt
}

/** A payment of the platform's invoice has captured its money, whichever attempt it was. */
export function succeeded(scope: InvoiceScope): boolean {
  const { context, event } = scope
  return (
    isNewerPayment(scope) &&
    event.type === 'payment.changed' &&
    event.status === 'succeeded' &&
    context.collector === 'platform'
  )
}

/** The attempt under way was declined, or cancelled by the provider. */
export function failed(scope: InvoiceScope): boolean {
  const { event } = scope
  if (event.type !== 'payment.changed' || !isNewerPayment(scope) || !isOfThisAttempt(scope)) {
    return false
  }
  const wasDeclined = event.status === 'requires_payment_method' && event.declineCode !== null
  return event.status === 'canceled' || wasDeclined
}

/** The attempt under way waits for the customer to authenticate. */
export function wantsAction(scope: InvoiceScope): boolean {
  const { event } = scope
  return (
    event.type === 'payment.changed' &&
    event.status === 'requires_action' &&
    isNewerPayment(scope) &&
    isOfThisAttempt(scope)
  )
}

/** The charge of this attempt was never made, and will not be. */
export function isWithdrawn({ context, event }: InvoiceScope): boolean {
  return (
    event.type === 'effect.not_wanted' &&
    event.effect === 'payment.charge' &&
    event.asked['attempt'] === context.attempt
  )
}
