import type { EffectRequest } from '../effects.ts'
import { givenUp } from '../rejection.ts'
import type { SubscriptionChange, SubscriptionScope } from './state.ts'

// The first payment, with the customer present: how it stands, and what they must do. Pure.

/** Of an answer that comes when there is nothing left to pay: the provider's id, and no payment. */
export function foldProviderId({ event }: SubscriptionScope): SubscriptionChange {
  return event.type === 'subscription.accepted' ? { providerId: event.subscription } : {}
}

export function foldAccepted({ context, event }: SubscriptionScope): SubscriptionChange {
  if (event.type !== 'subscription.accepted') return {}
  const { subscription, paymentIntent, clientSecret } = event
  if (paymentIntent === null && clientSecret === null) return { providerId: subscription }
  const firstPayment = { paymentIntent, clientSecret }
  const firstMethod = event.paymentMethod ?? context.firstMethod
  // With a payment method at hand the next word is the bank's, and only then is it known what to
  // do.
  const nextAction = firstMethod === null ? { ...firstPayment, url: null, declineCode: null } : null
  return { providerId: subscription, firstPayment, firstMethod, nextAction }
}

/** A payment method that this first payment has not been tried with. */
export function isNewMethod({ context, event }: SubscriptionScope): boolean {
  return event.type === 'payment_method.available' && event.paymentMethod !== context.firstMethod
}

export function foldMethod({ event }: SubscriptionScope): SubscriptionChange {
  return event.type === 'payment_method.available' ? { firstMethod: event.paymentMethod } : {}
}

export function foldPrepared({ context, event }: SubscriptionScope): SubscriptionChange {
  if (event.type !== 'payment.prepared' || context.firstPayment === null) return {}
  const { nextActionUrl: url, declineCode } = event
  return { nextAction: { ...context.firstPayment, url, declineCode } }
}

export function foldRejected({ context, event }: SubscriptionScope): SubscriptionChange {
  if (event.type === 'effect.parked') return { rejection: givenUp(event) }
  if (event.type !== 'effect.rejected') return {}
  const { effect, code, message, at } = event
  const rejection = { effect, code, message, at }
  // What could not be done without the customer, they may do with the payment's own handle.
  const { firstPayment } = context
  if (effect !== 'payment_intent.confirm' || firstPayment === null) return { rejection }
  return { rejection, nextAction: { ...firstPayment, url: null, declineCode: null } }
}

/** With a payment method at hand, the first payment is confirmed while the customer is there. */
export function requestConfirmation({ context }: SubscriptionScope): EffectRequest | null {
  const { firstPayment, firstMethod, provider } = context
  if (!firstPayment?.paymentIntent || firstMethod === null || provider === null) return null
  return {
    kind: 'payment_intent.confirm',
    provider,
    paymentIntent: firstPayment.paymentIntent,
    paymentMethod: firstMethod,
  }
}
