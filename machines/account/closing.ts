import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import type { SubscriptionRef } from '../refs.ts'
import type { SubscriptionChanged } from '../subscription/summary.ts'
import { hasEnded } from './children.ts'
import type { AccountContext, AccountScope } from './state.ts'

// How an account ends: every subscription is cancelled first, so many at a time. Pure.

/** How many may be asked to end in one entry, whose effects are bounded. */
const batch = 100

/**
 * It goes on, and is ours to end: a provider that removes a customer ends what it collects from
 * them itself.
 */
function mustEnd(
  { closedAt }: AccountContext,
  subscription: Pick<SubscriptionChanged, 'status' | 'collector'>,
): boolean {
  if (hasEnded(subscription)) return false
  return closedAt !== null || subscription.collector === 'platform'
}

/** The subscriptions that must end, in an order that does not depend on what was told first. */
function running(context: AccountContext): SubscriptionRef[] {
  return Object.values(context.subscriptions)
    .filter((summary) => mustEnd(context, summary))
    .map(({ subscription }) => subscription)
    .sort()
}

export function allEnded(context: AccountContext): boolean {
  return running(context).length === 0
}

function cancel(to: SubscriptionRef): EffectRequest {
  return tell(to, { type: 'subscription.cancel', when: 'now' })
}

/** Cancels the first that have not ended. */
export function closingTells({ context }: Pick<AccountScope, 'context'>): EffectRequest[] {
  return running(context).slice(0, batch).map(cancel)
}

/**
 * Of an account that is out of use, after it took a subscription's word: one that goes on is
 * cancelled (again: it may have been too young to end, or not been heard of), and in place of one
 * that ended comes the next. So the first of those that run have always been asked.
 */
export function nextClosingTells({ context, event }: AccountScope): EffectRequest[] {
  if (event.type !== 'subscription.changed') return []
  if (mustEnd(context, event)) return [cancel(event.subscription)]
  return running(context)
    .slice(batch - 1, batch)
    .map(cancel)
}
