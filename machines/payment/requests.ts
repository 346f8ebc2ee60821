import { type EffectRequest, readOf } from '../effects.ts'
import { isTied } from '../observation.ts'
import { weighInPayment } from './folds.ts'
import type { PaymentContext, PaymentScope } from './state.ts'

// What a payment asks the provider to read: pure.

/** The fresh read that settles a tie of this very object, or that a hint or a refresh asks for. */
export function requestRead({ context, event }: PaymentScope): EffectRequest | null {
  const provider = 'provider' in event ? event.provider : context.provider
  if (provider === null) return null
  switch (event.type) {
    case 'charge.observed':
      return isTied(weighInPayment({ context, event }))
        ? readOf(provider, 'charge', event.facts.charge)
        : readOf(provider, 'payment_intent', context.id)
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
