import { isTaken } from '../observation.ts'
import { isNewerPayment, isOfThisAttempt, weighObserved, type Scope } from './folds.ts'

// What an invoice is told, as the questions that its chart asks of it.

/** The provider's word is news, and says this status. */
export function says(status: string) {
  return (scope: Scope): boolean =>
    scope.event.type === 'invoice.observed' &&
    scope.event.facts.status === status &&
    !scope.event.facts.deleted &&
    isTaken(weighObserved(scope))
}

export function saysDeleted(scope: Scope): boolean {
  const { event } = scope
  return event.type === 'invoice.observed' && event.facts.deleted && isTaken(weighObserved(scope))
}

/** A payment of the platform's invoice has captured its money, whichever attempt it was. */
export function succeeded(scope: Scope): boolean {
  const { context, event } = scope
  return (
    isNewerPayment(scope) &&
    event.type === 'payment.changed' &&
    event.status === 'succeeded' &&
    context.collector === 'platform'
  )
}

/** The attempt under way was declined, or cancelled by the provider. */
export function failed(scope: Scope): boolean {
  const { event } = scope
  if (event.type !== 'payment.changed' || !isNewerPayment(scope) || !isOfThisAttempt(scope)) {
    return false
  }
  const wasDeclined = event.status === 'requires_payment_method' && event.declineCode !== null
  return event.status === 'canceled' || wasDeclined
}

/** The attempt under way waits for the customer to authenticate. */
export function wantsAction(scope: Scope): boolean {
  const { event } = scope
  return (
    event.type === 'payment.changed' &&
    event.status === 'requires_action' &&
    isNewerPayment(scope) &&
    isOfThisAttempt(scope)
  )
}

/** The customer is there, and the payment waits for them. */
export function submittedForAction({ context, event }: Scope): boolean {
  if (event.type !== 'charge.submitted' || event.attempt !== context.attempt) return false
  const wantsMethod = event.status === 'requires_payment_method'
  return event.status === 'requires_action' || (wantsMethod && context.issue?.onSession === true)
}
