import type { AccountContext } from './contexts.ts'
import type { EffectRequest } from './effects.ts'
import type { AccountEvent, Told } from './events.ts'
import { idOf, type ActorRef } from './ids.ts'

// To whom an account offers its default payment method: pure.

/** Neither closed by us nor removed at the provider. */
function isInUse({ closedAt, customer }: AccountContext): boolean {
  return closedAt === null && customer?.facts.deleted !== true
}

/**
 * A default payment method that was not the default before is offered to whatever waits for one:
 * invoices that are failing or were written off, their dunning cases, and first payments. So is the one
 * that is there to a subscription that begins. Nothing is, once the account is out of use.
 */
export function offersOfMethod(
  context: AccountContext,
  event: AccountEvent & Told,
): EffectRequest[] {
  const offer = (to: ActorRef, paymentMethod: string): EffectRequest => ({
    kind: 'tell',
    to,
    event: { type: 'payment_method.available', paymentMethod },
  })
  if (!isInUse(context)) return []
  if (event.type === 'subscription.changed') {
    const paymentMethod = context.customer?.facts.defaultPaymentMethod ?? null
    const waits = event.status === 'incomplete' && paymentMethod !== null
    return waits ? [offer(event.subscription, paymentMethod)] : []
  }
  if (event.type !== 'customer.observed') return []
  const paymentMethod = event.facts.defaultPaymentMethod
  if (paymentMethod === null || paymentMethod === context.customer?.facts.defaultPaymentMethod) {
    return []
  }
  const owed = Object.values(context.invoices).filter(
    (invoice) => invoice.failing || invoice.status === 'uncollectible',
  )
  const waiting = Object.values(context.subscriptions).filter((one) => one.status === 'incomplete')
  const collected = Object.values(context.cases).filter(
    ({ stage }) => stage === 'collecting' || stage === 'bad_debt',
  )
  return [
    ...collected.map((one) => offer(`dunning/${idOf(one.invoice)}`, paymentMethod)),
    ...owed.map((one) => offer(one.invoice, paymentMethod)),
    ...waiting.map((one) => offer(one.subscription, paymentMethod)),
  ]
}
