import { contextOf } from '../actors/decision/read-snapshot.ts'
import type { Store } from '../actors/ports.ts'
import { AccountContext } from '../machines/account/state.ts'
import type { Provider } from '../machines/refs.ts'
import { SubscriptionContext } from '../machines/subscription/state.ts'
import { isActorRef, type ActorRef } from '../values/ids.ts'
import { rowsOf } from './row.ts'

/**
 * From a provider's id to our actor, by `<provider>/<its id>`: a cache that spares a read of the
 * provider, whose metadata is the truth (`providers/stripe/resolve.ts`).
 */
export const customerLinks = rowsOf('customer_links', 'account', 'latest', (entry) =>
  Object.entries(contextOf(entry, AccountContext).customers).map(([provider, { facts }]) => ({
    key: `${provider}/${facts.customer}`,
    value: { ref: entry.actor },
  })),
)

export const subscriptionLinks = rowsOf('subscription_links', 'subscription', 'latest', (entry) => {
  const { provider, providerId, observed } = contextOf(entry, SubscriptionContext)
  // Until it was seen, each word of it is news: a link spares telling it that there is one.
  if (provider === null || providerId === null || observed === null) return []
  return [{ key: `${provider}/${providerId}`, value: { ref: entry.actor } }]
})

const views = { account: customerLinks, subscription: subscriptionLinks } as const

/** Our actor that an object of one provider belongs to, as far as a link is written; it may lag. */
export type Links = (type: keyof typeof views, theirs: string) => Promise<ActorRef | null>

export function createLinks(store: Pick<Store, 'viewRow'>, provider: Provider): Links {
  return async (type, theirs) => {
    const ref = (await store.viewRow(views[type].name, `${provider}/${theirs}`))?.['ref']
    return isActorRef(ref) ? ref : null
  }
}
