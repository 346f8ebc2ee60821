import type { Stripe } from 'stripe'
import { z } from 'zod'
import { typeOf, type ActorRef } from '../../values/ids.ts'
import { type Instant, msOf, msPerHour } from '../../values/instant.ts'
import { isMissing } from './calls/failures.ts'
import type { ReadBudget, Reader } from './read-budget.ts'
import { derivedRef, OurMetadata, safeId, type Target, type TargetType } from './refs.ts'

type LinkedType = 'account' | 'subscription'

/** Our actor that an object of Stripe belongs to, by Stripe's id; it may lag behind the journal. */
export type Links = (type: LinkedType, theirs: string) => Promise<ActorRef | null>

export interface ResolverPorts {
  readonly stripe: Stripe
  /** From a provider's id to our actor: a view, which may lag behind the journal. */
  readonly links: Links
  readonly reads: ReadBudget
  /** How many provider ids are remembered: of ours, and as many of nobody's. */
  readonly cacheSize?: number
}

/**
 * The actor that a target means. Throws for a target that was not among those that were asked for.
 */
export type RefOf = <Type extends TargetType>(target: Target<Type>) => ActorRef<Type>

export interface ResolveContext {
  readonly now: Instant
  readonly reader: Reader
}

export interface Resolver {
  /**
   * Finds the actors of all of these at once, with one turn in the line for reads. Throws what the
   * reads of Stripe throw, and RetryLater while their turn has not come.
   */
  refsOf(targets: readonly Target[], resolving: ResolveContext): Promise<RefOf>
  /**
   * True if this actor is known to be the one of the provider's id; false too where only the view
   * lags.
   */
  isLinked(theirs: string, ref: ActorRef): Promise<boolean>
}

/** So long an object that names none of our actors is nobody's: a person may give it a name. */
const nobodyMs = msPerHour

const Labelled = z.object({ metadata: OurMetadata })

type LabelledType = 'account' | 'subscription'
type TheirObject = { readonly type: LabelledType; readonly theirs: string }

/**
 * Finds the actor that a target means, with one answer in whatever order the events of an object
 * come: our id where metadata told it; else, for what we may have created, the link or the object's
 * own metadata; else the provider's id, as for everything that Stripe creates by itself.
 */
export function createResolver(ports: ResolverPorts): Resolver {
  const { stripe, links, reads, cacheSize = 10_000 } = ports
  const linked = createBounded<ActorRef>(cacheSize)
  const labels = createBounded<string>(cacheSize)
  const nobody = createBounded<Instant>(cacheSize)
  /** What is being read: whoever asks meanwhile waits for the same answer. */
  const underWay = new Map<string, Promise<string | null>>()

  async function linkOf(type: LinkedType, theirs: string): Promise<ActorRef | null> {
    const known = linked.get(theirs)
    if (known !== undefined) return known
    const link = await links(type, theirs)
    if (link !== null) linked.set(theirs, link)
    return link
  }

  /** What Stripe has said of it; null if it is nobody's, undefined if only Stripe can tell. */
  function saidOf(theirs: string, now: Instant): string | null | undefined {
    const label = labels.get(theirs)
    if (label !== undefined) return label
    const since = nobody.get(theirs)
    if (since === undefined) return undefined
    const ageMs = msOf(now) - msOf(since)
    return ageMs >= 0 && ageMs < nobodyMs ? null : undefined
  }

  /** The id in the metadata that we gave the object; null if it has none, or is gone. */
  async function labelOf({ type, theirs }: TheirObject): Promise<string | null> {
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

  function read(unnamed: TheirObject, now: Instant): Promise<string | null> {
    const { theirs } = unnamed
    const reading = labelOf(unnamed)
      .then((label) => {
        if (label === null) nobody.set(theirs, now)
        else labels.set(theirs, label)
        return label
      })
      .finally(() => underWay.delete(theirs))
    underWay.set(theirs, reading)
    return reading
  }

  /** The ids of ours that the provider's objects mean; null for what is nobody's. */
  async function idsOf(unnamed: readonly TheirObject[], { now, reader }: ResolveContext) {
    const ids = new Map<string, string | null>()
    const unlinked: TheirObject[] = []
    for (const one of unnamed) {
      const link = await linkOf(one.type, one.theirs)
      if (link?.startsWith(`${one.type}/`)) ids.set(one.theirs, link.slice(one.type.length + 1))
      else unlinked.push(one)
    }
    const unread: TheirObject[] = []
    for (const one of unlinked) {
      const said = saidOf(one.theirs, now)
      if (said === undefined) unread.push(one)
      else ids.set(one.theirs, said)
    }
    if (unread.length === 0) return ids
    const keys = unread.map(({ theirs }) => theirs).filter((theirs) => !underWay.has(theirs))
    await reads.spend({ keys, now, reader }, () =>
      Promise.all(
        unread.map(async (one) => {
          ids.set(one.theirs, await (underWay.get(one.theirs) ?? read(one, now)))
        }),
      ),
    )
    return ids
  }

  return {
    async refsOf(targets, resolving) {
      const ids = await idsOf(unnamedIn(targets), resolving)
      return (target) => refOf(target, ids)
    },
    isLinked: async (theirs, ref) => {
      const type = typeOf(ref)
      return (type === 'account' || type === 'subscription') && (await linkOf(type, theirs)) === ref
    },
  }
}

function refOf<Type extends TargetType>(
  { type, ours, theirs }: Target<Type>,
  ids: ReadonlyMap<string, string | null>,
): ActorRef<Type> {
  if (ours !== null) return `${type}/${safeId(ours)}`
  if (!isLabelled(type)) return derivedRef(type, theirs)
  const id = ids.get(theirs)
  if (id === undefined) throw new Error(`nobody has asked whose the ${type} ${theirs} is`)
  return `${type}/${safeId(id ?? theirs)}`
}

/** We create these ourselves, and write on them whose they are. */
function isLabelled(type: TargetType): type is LabelledType {
  return type === 'account' || type === 'subscription'
}

/** Those whose actor their target does not tell, each once. */
function unnamedIn(targets: readonly Target[]): readonly TheirObject[] {
  const found = new Map<string, TheirObject>()
  for (const { type, ours, theirs } of targets) {
    if (ours === null && isLabelled(type)) found.set(theirs, { type, theirs })
  }
  return [...found.values()]
}

/** Remembers so many; the oldest is forgotten first. */
function createBounded<T>(size: number) {
  const kept = new Map<string, T>()
  return {
    get: (key: string): T | undefined => kept.get(key),
    set(key: string, value: T): void {
      kept.delete(key)
      const [oldest] = kept.keys()
      if (kept.size >= size && oldest !== undefined) kept.delete(oldest)
      kept.set(key, value)
    },
  }
}
