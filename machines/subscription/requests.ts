import { type EffectRequest, readOf } from '../effects.ts'
import type { SubscriptionContext, SubscriptionScope } from './state.ts'

// What is asked of the provider about a subscription that it has: pure.

export function requestRead({ context, event }: SubscriptionScope): EffectRequest | null {
  const named =
    'subscription' in event && typeof event.subscription === 'string' ? event.subscription : null
  const id =
    context.providerId ??
    (event.type === 'subscription.observed' ? event.facts.subscription : named)
  const provider = 'provider' in event ? event.provider : context.provider
  if (id === null || provider === null) return null
  return readOf(provider, 'subscription', id)
}

export function requestCancelAtPeriodEnd({ context }: SubscriptionScope): EffectRequest | null {
  return requestUpdate(context, true)
}

export function requestResume({ context }: SubscriptionScope): EffectRequest | null {
  return requestUpdate(context, false)
}

function requestUpdate(
  context: SubscriptionContext,
  cancelAtPeriodEnd: boolean,
): EffectRequest | null {
  const { provider } = context
  if (context.providerId === null || provider === null) return null
  return {
    kind: 'provider.update_subscription',
    provider,
    subscription: context.providerId,
    cancelAtPeriodEnd,
  }
}

export function requestCancel({ context }: SubscriptionScope): EffectRequest | null {
  const { provider } = context
  if (context.providerId === null || provider === null) return null
  return { kind: 'provider.cancel_subscription', provider, subscription: context.providerId }
}
