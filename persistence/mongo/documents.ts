import type { Collection, Db } from 'mongodb'
import type { ArmedTimer } from '../../actors/journal.ts'
import type { Lane } from '../../actors/lanes.ts'
import type { ActorRef, EffectId } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'

// The shape of each collection. All that one write must keep together is one document of `journal`; the rest
// follows from it. Shard `journal` by `{ actor: 1 }`, the others by `{ _id: 1 }`: every query but the ones for
// what is due names its key.

/**
 * One entry and the delivery of its effects. `_id` is `<actor>#<seq>`. The entry itself is JSON text: what comes
 * back is what went in, whatever its keys (`$ref`, a dot and `_bsontype` mean something to MongoDB).
 */
export interface JournalDocument {
  readonly _id: string
  readonly actor: ActorRef
  readonly seq: number
  readonly envelopeId: string
  readonly committedAt: Instant
  readonly entry: string
  /** The ids of its `latest` rows, from which the next entry knows which ones vanish. */
  readonly keys: readonly string[]
  /** There if the entry has effects. */
  readonly delivery?: Delivery
  /** There until the head, the timers and the rows that follow from it are written. */
  readonly unapplied?: true
}

/** What became of an entry's effects; one that is neither open nor parked is done. Written as a whole. */
export interface Delivery {
  /** Raised by every write, which names the one that it has read: of two writers one wins. */
  readonly rev: number
  /** The writer's token, by which it sees that it won. */
  readonly by: string | null
  /** The earliest `at` of the open ones; absent if none is open. */
  readonly dueAt?: Instant
  /** The earliest `at` of the open ones that are our own work; absent if there is none. */
  readonly ownDueAt?: Instant
  readonly open: readonly OpenEffect[]
  readonly parked: readonly ParkedEffect[]
}

export interface Tried {
  readonly id: EffectId
  /** Its place among the entry's effects. */
  readonly place: number
  readonly lane: Lane
  readonly tries: number
  readonly attempt: number
  readonly firstTriedAt: Instant | null
}

export interface OpenEffect extends Tried {
  /** When it may be claimed: when it is due, or when the claim that holds it ends. */
  readonly at: Instant
  /** The store that claimed it, until that settles it. */
  readonly holder: string | null
  readonly lastError: string | null
}

export interface ParkedEffect extends Tried {
  readonly error: string
  readonly parkedAt: Instant
  /** Its place among all that is parked. */
  readonly order: number
}

/** What the newest entry that was applied says of its actor; `_id` is the actor. */
export interface ActorDocument {
  readonly _id: string
  readonly seq: number
  readonly timers: readonly ArmedTimer[]
  /** The earliest of the timers; absent if there is none. */
  readonly dueAt?: Instant
}

/** One row of a view; `_id` is `<view>/<key>`, which sorts as the keys do. */
export interface RowDocument {
  readonly _id: string
  readonly actor: ActorRef
  /** The entry that wrote it: an older one never replaces what a newer one wrote. */
  readonly seq: number
  readonly latest: boolean
  /** JSON text. Absent in the tombstone of a row that vanished. */
  readonly value?: string
  /** When it vanished, by the server's clock: the tombstone outlives every write that is under way. */
  readonly goneAt?: Date
}

/** A parked envelope; `_id` is `<actor>!<envelope id>`. A parked effect is in its entry's `delivery`. */
export interface ParkedDocument {
  readonly _id: string
  readonly order: number
  readonly actor: ActorRef
  /** A `Parked` as JSON text. */
  readonly item: string
}

export interface RequestDocument {
  readonly _id: string
  readonly bodyHash: string
  readonly beganAt: Instant
  /** JSON text; null while it runs. */
  readonly answer: string | null
}

/** `parked`: the last `order` given; `format`: the version of these shapes; `pings`. */
export interface CounterDocument {
  readonly _id: 'parked' | 'format' | 'pings'
  readonly value: number
}

export interface Collections {
  readonly journal: Collection<JournalDocument>
  readonly actors: Collection<ActorDocument>
  readonly rows: Collection<RowDocument>
  readonly parked: Collection<ParkedDocument>
  readonly requests: Collection<RequestDocument>
  readonly counters: Collection<CounterDocument>
}

export function collectionsOf(db: Db): Collections {
  return {
    journal: db.collection('journal'),
    actors: db.collection('actors'),
    rows: db.collection('view_rows'),
    parked: db.collection('parked'),
    requests: db.collection('requests'),
    counters: db.collection('counters'),
  }
}

const tombstoneSeconds = 24 * 3600

/**
 * Makes the indexes that are missing. A query says `$exists` itself where an index holds only documents that have
 * the field: not every server infers it.
 */
export async function prepareIndexes({ journal, actors, rows, parked, requests }: Collections) {
  const whileThere = (field: string) => ({
    partialFilterExpression: { [field]: { $exists: true } },
  })
  await journal.createIndexes([
    { name: 'entry', key: { actor: 1, seq: 1 }, unique: true },
    { name: 'envelope', key: { actor: 1, envelopeId: 1 }, unique: true },
    { name: 'at', key: { actor: 1, committedAt: 1, seq: 1 } },
    {
      name: 'due',
      key: { 'delivery.dueAt': 1, actor: 1, seq: 1 },
      ...whileThere('delivery.dueAt'),
    },
    {
      name: 'due_own',
      key: { 'delivery.ownDueAt': 1, actor: 1, seq: 1 },
      ...whileThere('delivery.ownDueAt'),
    },
    {
      name: 'parked',
      key: { 'delivery.parked.order': 1 },
      ...whileThere('delivery.parked.order'),
    },
    { name: 'unapplied', key: { unapplied: 1, actor: 1, seq: 1 }, ...whileThere('unapplied') },
  ])
  await actors.createIndexes([{ name: 'due', key: { dueAt: 1, _id: 1 }, ...whileThere('dueAt') }])
  await rows.createIndexes([
    { name: 'gone', key: { goneAt: 1 }, expireAfterSeconds: tombstoneSeconds },
  ])
  await parked.createIndexes([
    { name: 'order', key: { order: 1 } },
    { name: 'actor', key: { actor: 1, order: 1 } },
  ])
  await requests.createIndexes([{ name: 'began', key: { beganAt: 1 } }])
}
