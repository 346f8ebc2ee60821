import type { Stripe } from 'stripe'
import { z } from 'zod'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { isMissing } from './calls/failures.ts'
import type { SpendRead } from './read-budget.ts'
import { derivedRef, OurMetadata, safeId, type Target, type TargetType } from './refs.ts'

export interface ResolverPorts {
  readonly stripe: Stripe
  /** From a provider's id to our actor: a view, which may lag behind the journal. */
  readonly links: (theirs: string) => Promise<ActorRef | null>
  readonly spendRead: SpendRead
  /** How many provider ids are remembered. */
  readonly cacheSize?: number
}

/** Throws what the reads of Stripe throw, and RetryLater while their budget is spent. */
export type Resolve = <Type extends TargetType>(
  target: Target<Type>,
  now: Instant,
) => Promise<ActorRef<Type>>

const Labelled = z.object({ metadata: OurMetadata })

/**
 * Finds the actor that a target means, with one answer in whatever order the events of an object come:
 * our id where metadata told it; else, for what we may have created, the link or the object's own
 * metadata; else the provider's id, as for everything that Stripe creates by itself.
 */
export function createResolver(ports: ResolverPorts): Resolve {
  const { stripe, links, spendRead, cacheSize = 10_000 } = ports
  const known = new Map<string, string>()

  function remember(theirs: string, id: string): void {
    const [oldest] = known.keys()
    if (known.size >= cacheSize && oldest !== undefined) known.delete(oldest)
    known.set(theirs, id)
  }

  /** The id in the metadata that we gave the object; null if it has none, or is gone. */
  async function labelOf(type: 'account' | 'subscription', theirs: string, now: Instant) {
    spendRead(now)
    try {
      const object =
        type === 'account'
          ? await stripe.customers.retrieve(theirs)
          : await stripe.subscriptions.retrieve(theirs)
      return Labelled.parse(object).metadata[type]
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  return async (target, now) => {
    const { type, ours, theirs } = target
    if (ours !== null) return `${type}/${safeId(ours)}`
    const kind: TargetType = type
    if (kind !== 'account' && kind !== 'subscription') return derivedRef(type, theirs)
    const cached = known.get(theirs)
    if (cached !== undefined) return `${type}/${cached}`
    const linked = await links(theirs)
    const found = linked?.startsWith(`${type}/`)
      ? linked.slice(type.length + 1)
      : await labelOf(kind, theirs, now)
    if (found === null) return derivedRef(type, theirs)
    remember(theirs, safeId(found))
    return `${type}/${safeId(found)}`
  }
}
