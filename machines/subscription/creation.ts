import { periodOf } from '../../values/calendar.ts'
import type { EffectRequest, Refuse } from '../effects.ts'
import { type SubscriptionChange, type SubscriptionScope, refOf } from './state.ts'

// How a subscription begins: what was bought, and who is asked for it. Pure.

export function foldCreated({ event }: SubscriptionScope): SubscriptionChange {
  if (event.type !== 'subscription.create') return {}
  const { account, terms, quantity, collector, provider, at } = event
  const platform = collector === 'platform'
  return {
    account,
    terms,
    quantity,
    collector,
    provider,
    createdAt: at,
    anchorAt: platform ? at : null,
    period: platform ? periodOf(at, terms, 0) : null,
  }
}

/**
 * Trials are the provider's to run; the platform's own billing says so instead of charging at once.
 */
export function refuseTrial({ event }: SubscriptionScope): Refuse {
  const plan = event.type === 'subscription.create' ? event.terms.plan : ''
  return { kind: 'refuse', refusal: { code: 'trial_needs_provider', plan } }
}

export function requestCreation({ context, event }: SubscriptionScope): EffectRequest | null {
  if (event.type !== 'subscription.create' || event.collector !== 'provider') return null
  const { provider, account, terms, quantity } = event
  return {
    kind: 'provider.create_subscription',
    provider,
    subscription: refOf(context),
    account,
    terms,
    quantity,
  }
}
