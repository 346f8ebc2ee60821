import type { AccountContext } from './contexts.ts'
import type { EffectRequest } from './effects.ts'
import type { AccountEvent, Told } from './events.ts'
import type { SubscriptionRef } from './facts.ts'

// How an account ends: every subscription is cancelled first, so many at a time. Pure.

/** How many may be asked to end in one entry, whose effects are bounded. */
const batch = 100

const ended = new Set(['canceled', 'incomplete_expired'])

/** The subscriptions that have not ended, in an order that does not depend on what was told first. */
function running({ subscriptions }: AccountContext): SubscriptionRef[] {
  return Object.values(subscriptions)
    .filter(({ status }) => !ended.has(status))
    .map(({ subscription }) => subscription)
    .sort()
}

export function allEnded(context: AccountContext): boolean {
  return running(context).length === 0
}

function cancel(to: SubscriptionRef): EffectRequest {
  return { kind: 'tell', to, event: { type: 'subscription.cancel', when: 'now' } }
}

/** Cancels the first that have not ended. */
export function closingTells(context: AccountContext): EffectRequest[] {
  return running(context).slice(0, batch).map(cancel)
}

/**
 * Of an account that is out of use, after it took a subscription's word: one that goes on is cancelled
 * (again: it may have been too young to end, or not been heard of), and in place of one that ended
 * comes the next. So the first of those that run have always been asked.
 */
export function nextClosingTells(
  context: AccountContext,
  event: AccountEvent & Told,
): EffectRequest[] {
  if (event.type !== 'subscription.changed') return []
  if (!ended.has(event.status)) return [cancel(event.subscription)]
  return running(context)
    .slice(batch - 1, batch)
    .map(cancel)
}
