import { AccountContext } from '../machines/account/state.ts'
import { SubscriptionContext } from '../machines/subscription/state.ts'
import { contextOf, rowsOf } from './row.ts'

/**
 * From a provider's id to our actor, by the provider's id: a cache that spares a read of the provider, whose
 * metadata is the truth (`providers/stripe/resolve.ts`).
 */
export const customerLinks = rowsOf('customer_links', 'account', 'latest', (entry) => {
  const { customer } = AccountContext.parse(contextOf(entry))
  return customer ? [{ key: customer.facts.customer, value: { ref: entry.actor } }] : []
})

export const subscriptionLinks = rowsOf('subscription_links', 'subscription', 'latest', (entry) => {
  const { providerId, observed } = SubscriptionContext.parse(contextOf(entry))
  // Until it was seen, each word of it is news: a link spares telling it that there is one.
  if (providerId === null || observed === null) return []
  return [{ key: providerId, value: { ref: entry.actor } }]
})
