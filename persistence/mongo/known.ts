import type { ActorRef } from '../../values/ids.ts'
import type { Collections, JournalDocument } from './documents.ts'

/** Where an entry stands. */
export interface Place {
  readonly actor: ActorRef
  readonly seq: number
}

export function entryId({ actor, seq }: Place): string {
  return `${actor}#${seq}`
}

/** The ids of the `latest` rows of those of these entries that are in the journal, by the entry's id. */
export async function readKeys(
  { journal }: Collections,
  places: readonly Place[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (places.length === 0) return new Map()
  const found = await journal
    .find({ _id: { $in: places.map(entryId) }, actor: { $in: places.map(({ actor }) => actor) } })
    .project<Pick<JournalDocument, '_id' | 'keys'>>({ keys: 1 })
    .toArray()
  return new Map(found.map(({ _id, keys }) => [_id, keys]))
}

/**
 * Remembers of each actor the newest entry that this process knows to be durable, with the ids of its `latest`
 * rows. Entries never change or go, so that what is remembered stays true; it saves a look before most appends.
 */
export interface KnownEntries {
  learn(place: Place, keys: readonly string[]): void
  /** Looks up those of which it does not know whether they are there. */
  look(places: readonly Place[]): Promise<void>
  /** The keys of the entry (`[]` for seq 0, or where a newer one is known), or null if it is not known. */
  keysOf(place: Place): readonly string[] | null
  /** Forgets the keys, which a rebuild may change. */
  forget(): void
}

const rememberedMax = 50_000

export function createKnownEntries(collections: Collections): KnownEntries {
  const newest = new Map<ActorRef, { readonly seq: number; readonly keys: readonly string[] }>()

  const keysOf = ({ actor, seq }: Place): readonly string[] | null => {
    if (seq === 0) return []
    const one = newest.get(actor)
    if (one === undefined || one.seq < seq) return null
    return one.seq === seq ? one.keys : []
  }

  const learn = ({ actor, seq }: Place, keys: readonly string[]) => {
    const one = newest.get(actor)
    if (one !== undefined && one.seq > seq) return
    // Put at the end, so that the first is the one that was not used for longest.
    newest.delete(actor)
    newest.set(actor, { seq, keys })
    if (newest.size <= rememberedMax) return
    for (const oldest of newest.keys()) {
      newest.delete(oldest)
      break
    }
  }

  return {
    learn,
    keysOf,
    async look(places) {
      const unknown = places.filter((place) => keysOf(place) === null)
      if (unknown.length === 0) return
      const found = await readKeys(collections, unknown)
      for (const place of unknown) {
        const keys = found.get(entryId(place))
        if (keys) learn(place, keys)
      }
    },
    forget() {
      newest.clear()
    },
  }
}
