import { readOf, type EffectRequest } from '../effects.ts'
import { customerAt } from './customers.ts'
import type { AccountScope } from './state.ts'

// What an account has read afresh where it may have missed something, and what it asks for again:
// pure.

/** A fresh read of the customer with its payment methods, for a hint or a refresh. */
export function readOfWallet({ context, event }: AccountScope): EffectRequest | null {
  const hinted = event.type === 'customer.hinted' ? event : null
  const provider = hinted?.provider ?? context.provider
  if (provider === null) return null
  const customer = customerAt(context, provider)?.facts.customer ?? hinted?.customer ?? null
  if (customer === null) return null
  return {
    kind: 'object.read',
    provider,
    object: 'customer',
    objectId: customer,
    paymentMethods: true,
    coalesce: `wallet:${customer}`,
  }
}

/** What we believe attached and the provider no longer lists: a read tells what became of it. */
export function readsOfMissingMethods({ context, event }: AccountScope): EffectRequest[] {
  if (event.type !== 'wallet.observed') return []
  const provider: string = event.provider
  return Object.values(context.paymentMethods)
    .map(({ facts }) => facts)
    .filter((facts) => facts.attached && facts.provider === provider)
    .filter((facts) => !event.paymentMethods.includes(facts.paymentMethod))
    .map(({ paymentMethod }) => readOf(event.provider, 'payment_method', paymentMethod))
}

/** The fresh read that settles a tie. */
export function readOfTied({ event }: AccountScope): EffectRequest | null {
  switch (event.type) {
    case 'payment_method.observed':
      return readOf(event.provider, 'payment_method', event.facts.paymentMethod)
    case 'customer.observed':
      return readOf(event.provider, 'customer', event.facts.customer)
    default:
      return null
  }
}

/**
 * The customer at the provider, as the account was created; null for one that it heard of there.
 */
export function requestCustomer({ context }: Pick<AccountScope, 'context'>): EffectRequest | null {
  const { id, provider, email, name } = context
  if (provider === null || email === null) return null
  return { kind: 'customer.create', provider, account: `account/${id}`, email, name }
}

export function requestAttachment({ context, event }: AccountScope): EffectRequest | null {
  if (event.type !== 'payment_method.add') return null
  const { provider, token } = event
  return { kind: 'payment_method.attach', provider, account: `account/${context.id}`, token }
}
