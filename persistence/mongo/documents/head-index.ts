import type { ArmedTimer } from '../../../actors/journal/journal.ts'
import type { ActorRef } from '../../../values/ids.ts'
import type { Collections, JournalDocument } from './documents.ts'

/** Where an entry stands. */
export interface Place {
  readonly actor: ActorRef
  readonly seq: number
}

/** In a filter of the journal that would find fences, too: entries have a `seq` from 1. */
export const entriesAlone = { $gte: 1 } as const

export function entryId({ actor, seq }: Place): string {
  return `${actor}#${seq}`
}

/**
 * Remembers of each actor the newest entry that this process knows to be durable, with the timers
 * that it left armed. Entries never change, so that what is remembered stays true; it saves a look
 * before most appends.
 */
export interface HeadIndex {
  /** `timers` is null where they are not known. */
  learn(place: Place, timers: readonly ArmedTimer[] | null): void
  /** Looks up those of which it does not know whether they are there. */
  look(places: readonly Place[]): Promise<void>
  has(place: Place): boolean
  /** The newest seq that it remembers of this actor; 0 if none. */
  seqOf(actor: ActorRef): number
  /** The timers of this entry, or null if it does not know them; none before the first entry. */
  timersOf(place: Place): readonly ArmedTimer[] | null
  forget(actors: readonly ActorRef[]): void
}

const rememberedMax = 50_000

export function createHeadIndex({ journal }: Collections): HeadIndex {
  const newest = new Map<
    ActorRef,
    { readonly seq: number; readonly timers: readonly ArmedTimer[] | null }
  >()

  const has = ({ actor, seq }: Place) => seq === 0 || (newest.get(actor)?.seq ?? 0) >= seq

  const learn = ({ actor, seq }: Place, timers: readonly ArmedTimer[] | null) => {
    const one = newest.get(actor)
    if (one !== undefined && one.seq > seq) return
    // Put at the end, so that the first is the one that was not used for longest.
    newest.delete(actor)
    newest.set(actor, { seq, timers })
    if (newest.size <= rememberedMax) return
    for (const oldest of newest.keys()) {
      newest.delete(oldest)
      break
    }
  }

  return {
    learn,
    has,
    seqOf: (actor) => newest.get(actor)?.seq ?? 0,
    timersOf({ actor, seq }) {
      if (seq === 0) return []
      const one = newest.get(actor)
      return one?.seq === seq ? one.timers : null
    },
    async look(places) {
      const unknown = places.filter((place) => !has(place))
      if (unknown.length === 0) return
      const found = await journal
        .find({
          _id: { $in: unknown.map(entryId) },
          actor: { $in: [...new Set(unknown.map(({ actor }) => actor))] },
        })
        .project<Pick<JournalDocument, 'actor' | 'seq'>>({ _id: 0, actor: 1, seq: 1 })
        .toArray()
      for (const place of found) learn(place, null)
    },
    forget(actors) {
      for (const actor of actors) newest.delete(actor)
    },
  }
}
