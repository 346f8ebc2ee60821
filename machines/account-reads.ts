import type { AccountContext } from './contexts.ts'
import type { EffectRequest } from './effects.ts'
import type { AccountEvent, Told } from './events.ts'

// What an account has read afresh where it was told that it may have missed something: pure.

type Event = AccountEvent & Told
type Scope = { context: AccountContext; event: Event }

/** A fresh read of the customer with its payment methods, for a hint or a refresh. */
export function readOfWallet({ context, event }: Scope): EffectRequest {
  const hinted = event.type === 'customer.hinted' ? event.customer : ''
  const customer = context.customer?.facts.customer ?? hinted
  return {
    kind: 'object.read',
    provider: context.provider ?? 'stripe',
    object: 'customer',
    objectId: customer,
    paymentMethods: true,
    coalesce: `wallet:${customer}`,
  }
}

/** What we believe attached and the provider no longer lists: a read tells what became of it. */
export function readsOfMissingMethods(context: AccountContext, event: Event): EffectRequest[] {
  if (event.type !== 'wallet.observed') return []
  return Object.values(context.paymentMethods)
    .map(({ facts }) => facts)
    .filter((facts) => facts.attached && !event.paymentMethods.includes(facts.paymentMethod))
    .map(({ paymentMethod }) => ({
      kind: 'object.read',
      provider: context.provider ?? 'stripe',
      object: 'payment_method',
      objectId: paymentMethod,
      coalesce: `payment_method:${paymentMethod}`,
    }))
}
