import type { Observation } from '../observation.ts'
import type { CustomerFacts } from './facts.ts'
import type { AccountContext } from './state.ts'

export type Customers = Pick<AccountContext, 'provider' | 'customers'>

/** The customer that the account is charged as; null while its provider has none. */
export function customerOf({ provider, customers }: Customers): CustomerFacts | null {
  return provider === null ? null : (customers[provider]?.facts ?? null)
}

/** What was last heard of the account's customer at this provider. */
export function customerAt(
  { customers }: Pick<AccountContext, 'customers'>,
  provider: NonNullable<AccountContext['provider']>,
): Observation<CustomerFacts> | null {
  return customers[provider] ?? null
}

/** The provider removed it, for good. */
export function isCustomerDeleted(account: Customers): boolean {
  return customerOf(account)?.deleted === true
}
