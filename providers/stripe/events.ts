import type { Stripe } from 'stripe'
import type { Page, PageRequest } from '../../actors/ports.ts'
import { type Instant, secondsOf } from '../../values/instant.ts'

/**
 * Events that Stripe made at or after `since`, newest first, for `receiveTrusted`: each in the API
 * version in which it was made. Stripe shows the last 30 days; what is older only a read of the
 * objects can tell. At most 100 a page.
 */
export async function listEventsSince(
  stripe: Stripe,
  since: Instant,
  { cursor, limit }: PageRequest,
): Promise<Page<unknown>> {
  const { data, has_more } = await stripe.events.list({
    created: { gte: secondsOf(since) },
    limit: Math.min(limit, 100),
    ...(cursor === null ? {} : { starting_after: cursor }),
  })
  return { items: data, cursor: has_more ? (data.at(-1)?.id ?? null) : null }
}
