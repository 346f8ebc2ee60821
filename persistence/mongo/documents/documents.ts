import type { Collection, Db, Document } from 'mongodb'
import type { ArmedTimer } from '../../../actors/journal/journal.ts'
import type { Retries } from '../../../actors/delivery/retries.ts'
import type { Lane } from '../../../actors/delivery/lanes.ts'
import type { ActorRef, EffectId } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import { withEndingWrites } from '../connection/ending-writes.ts'
import type { TextPacker } from '../../text-packer.ts'
import type { StoredJson } from './stored.ts'

// The shape of each collection. All that one write must keep together is one document of `journal`;
// the rest follows from it. Shard `journal` by `{ actor: 1 }`, the others by `{ _id: 1 }`: every
// query but the ones for what is due names its key. What is `StoredJson` reads as JSON (`stored.ts`).

/** One entry and the delivery of its effects. `_id` is `<actor>#<seq>`. */
export interface JournalDocument {
  readonly _id: string
  readonly actor: ActorRef
  readonly seq: number
  /** The actor's type, on its first entry alone. */
  readonly opens?: string
  readonly committedAt: Instant
  readonly changed: boolean
  /**
   * The envelope, without `to` where that is the actor; a long text of its event is packed, and
   * binary.
   */
  readonly envelope: StoredJson
  /** The whole snapshot after it; or else `change`, from the one of the entry before. */
  readonly snapshot?: StoredJson
  readonly change?: StoredJson
  readonly effects: readonly StoredJson[]
  /** There if the entry has effects. */
  readonly delivery?: Delivery
  /** There until the timers and the rows that follow from it are written, or a little longer. */
  readonly unapplied?: true
}

/**
 * What became of an entry's effects; one that is neither open nor parked is done. Written as a
 * whole.
 */
export interface Delivery {
  /**
   * Another with every write, which names the one that it has read: of two writers one wins, and
   * sees it.
   */
  readonly rev: string
  /** The earliest `at` of the open ones that are our own work; absent if there is none. */
  readonly internalDueAt?: Instant
  /** The earliest `at` of the open ones that call a provider; absent if there is none. */
  readonly externalDueAt?: Instant
  readonly open: readonly OpenEffect[]
  readonly parked: readonly ParkedEffect[]
  /** Of those that are done and said something. */
  readonly results?: readonly EffectResult[]
}

export interface EffectResult {
  readonly id: EffectId
  readonly result: StoredJson
}

export interface EffectTries {
  readonly id: EffectId
  /** Its place among the entry's effects. */
  readonly place: number
  readonly lane: Lane
  readonly tries: number
  readonly attempt: number
  readonly firstTriedAt: Instant | null
  readonly retried?: Retries
}

export interface OpenEffect extends EffectTries {
  /** When it may be claimed: when it is due, or when the claim that holds it ends. */
  readonly at: Instant
  /** The store that claimed it, until that settles it. */
  readonly holder: string | null
  readonly lastError: string | null
}

export interface ParkedEffect extends EffectTries {
  readonly error: string
  readonly parkedAt: Instant
  /** Its place among all that is parked. */
  readonly order: number
}

/** What is armed of an actor; `_id` is the actor. Absent if it never had a timer. */
export interface TimersDocument {
  readonly _id: string
  /** The entry that left them so: an older one never replaces what a newer one wrote. */
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
  /** Absent in the tombstone of a row that vanished. */
  readonly value?: StoredJson
  /**
   * When it vanished, by the server's clock: the tombstone outlives every write that is under way.
   */
  readonly goneAt?: Date
}

/**
 * A parked envelope; `_id` is `<actor>!<envelope id>`. A parked effect is in its entry's
 * `delivery`.
 */
export interface ParkedDocument {
  readonly _id: string
  readonly order: number
  readonly actor: ActorRef
  readonly parkedAt: Instant
  readonly error: unknown
  readonly envelope: StoredJson | null
}

/** Stands in `journal` where the next entry of an actor would, with its `_id` (`fences.ts`). */
export interface FenceDocument {
  readonly _id: string
  readonly actor: ActorRef
  readonly seq: 0
}

export interface RequestDocument {
  readonly _id: string
  readonly bodyHash: string
  readonly beganAt: Instant
  /** Null while it runs. */
  readonly answer: StoredJson | null
}

/** `parked`: the last `order` given; `format`: the version of these shapes; `pings`. */
export interface CounterDocument {
  readonly _id: 'parked' | 'format' | 'pings'
  readonly value: number
}

export interface Collections {
  readonly journal: Collection<JournalDocument>
  readonly fences: Collection<FenceDocument>
  readonly timers: Collection<TimersDocument>
  readonly rows: Collection<RowDocument>
  readonly parked: Collection<ParkedDocument>
  readonly requests: Collection<RequestDocument>
  readonly counters: Collection<CounterDocument>
  /** How the long texts in them are packed. */
  readonly packer: TextPacker
}

/** With `writeMs`, no write takes longer (`ending-writes.ts`). */
export function collectionsOf(
  db: Db,
  packer: TextPacker,
  writeMs: number | null = null,
): Collections {
  const named = <T extends Document>(name: string): Collection<T> => {
    const collection = db.collection<T>(name)
    return writeMs === null ? collection : withEndingWrites(collection, writeMs)
  }
  return {
    journal: named('journal'),
    fences: named('journal'),
    timers: named('timers'),
    rows: named('view_rows'),
    parked: named('parked'),
    requests: named('requests'),
    counters: named('counters'),
    packer,
  }
}

const tombstoneSeconds = 24 * 3600

/**
 * Makes the indexes that are missing. Of the journal's, every document is in `_id` and the first
 * two; the others hold only documents that have the field: first entries, whole snapshots (one in
 * sixteen), and what is due, parked or unapplied now. A query says `$exists` itself: not every
 * server infers it.
 */
export async function prepareIndexes({ journal, timers, rows, parked, requests }: Collections) {
  const whileThere = (field: string) => ({
    partialFilterExpression: { [field]: { $exists: true } },
  })
  await journal.createIndexes([
    { name: 'entry', key: { actor: 1, seq: 1 }, unique: true },
    { name: 'envelope', key: { actor: 1, 'envelope.id': 1 }, unique: true },
    { name: 'whole', key: { actor: 1, committedAt: 1, seq: 1 }, ...whileThere('snapshot') },
    { name: 'actors', key: { actor: 1 }, ...whileThere('opens') },
    { name: 'oldest', key: { opens: 1, committedAt: 1, actor: 1 }, ...whileThere('opens') },
    {
      name: 'due_own',
      key: { 'delivery.internalDueAt': 1, actor: 1, seq: 1 },
      ...whileThere('delivery.internalDueAt'),
    },
    {
      name: 'due_provider',
      key: { 'delivery.externalDueAt': 1, actor: 1, seq: 1 },
      ...whileThere('delivery.externalDueAt'),
    },
    {
      name: 'parked',
      key: { 'delivery.parked.order': 1 },
      ...whileThere('delivery.parked.order'),
    },
    { name: 'unapplied', key: { unapplied: 1, actor: 1, seq: 1 }, ...whileThere('unapplied') },
  ])
  await timers.createIndexes([{ name: 'due', key: { dueAt: 1, _id: 1 }, ...whileThere('dueAt') }])
  await rows.createIndexes([
    { name: 'actor', key: { actor: 1 } },
    {
      name: 'gone',
      key: { goneAt: 1 },
      expireAfterSeconds: tombstoneSeconds,
      ...whileThere('goneAt'),
    },
  ])
  await parked.createIndexes([
    { name: 'order', key: { order: 1 } },
    { name: 'actor', key: { actor: 1, order: 1 } },
  ])
  await requests.createIndexes([{ name: 'began', key: { beganAt: 1 } }])
}
