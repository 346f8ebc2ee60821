import type { PlanTerms } from '../catalog/terms.ts'
import { type Weight, isTaken, observedOf, progressOf, weigh } from '../observation.ts'
import type { SubscriptionFacts } from './facts.ts'
import type { SubscriptionChange, SubscriptionContext, SubscriptionScope } from './state.ts'
import { isLegalStep, isSubscriptionStatus, subscriptionStatuses } from './statuses.ts'

// The provider's word on a subscription that it collects: whether it is news, and what is kept.
// Pure.

const progress = progressOf<SubscriptionFacts>(subscriptionStatuses, [
  'canceled',
  'incomplete_expired',
])

/** Whether the provider's word is news; `stale` for any other event. */
export function weighObserved({ context, event }: SubscriptionScope): Weight {
  if (event.type !== 'subscription.observed' || context.collector === 'platform') return 'stale'
  // A status that we do not know may not hide one that we do, whichever comes first.
  if (!isSubscriptionStatus(event.facts.status)) return 'stale'
  return weigh(context.observed, event, progress)
}

/** True if a step between the known status and the observed one was missed. */
export function hasGap({ context, event }: SubscriptionScope): boolean {
  if (event.type !== 'subscription.observed' || event.read !== null) return false
  const known = context.observed?.facts.status
  return known !== undefined && !isLegalStep(known, event.facts.status)
}

export function foldObserved({ context, event }: SubscriptionScope): SubscriptionChange {
  if (event.type !== 'subscription.observed' || !isTaken(weighObserved({ context, event })))
    return {}
  const { facts, at } = event
  return {
    observed: observedOf(context.observed, event),
    account: event.account,
    provider: event.provider,
    providerId: facts.subscription,
    createdAt: context.createdAt ?? at,
    terms: termsAfter(context, { offered: event.terms, price: facts.price }),
    quantity: facts.quantity,
    period: facts.period,
    cancelAt: facts.cancelAt,
    canceledAt: facts.canceledAt,
    endedAt: facts.endedAt,
    firstPayment: facts.status === 'incomplete' ? context.firstPayment : null,
    nextAction: facts.status === 'incomplete' ? context.nextAction : null,
  }
}

/** The terms of a plan are frozen when it is bought: an edited catalog reaches new buyers only. */
function termsAfter(
  { terms, observed }: SubscriptionContext,
  { offered, price }: { offered: PlanTerms | null; price: string | null },
): PlanTerms | null {
  if (terms === null) return offered
  if (offered !== null) return offered.plan === terms.plan ? terms : offered
  return observed === null || observed.facts.price === price ? terms : null
}

/** The answer to a request of ours, or to a read that was on its way already. */
export function isAnswer({ event }: SubscriptionScope): boolean {
  return event.type === 'subscription.observed' && event.read !== null
}
