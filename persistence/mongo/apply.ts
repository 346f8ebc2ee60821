import type { AnyBulkWriteOperation, BulkWriteResult } from 'mongodb'
import type { Entry, ViewRow } from '../../actors/journal.ts'
import type { ActorRef } from '../../values/ids.ts'
import { rowId } from '../checked.ts'
import { groupBy } from '../grouping.ts'
import { jsonText } from '../stored-json.ts'
import type { ActorDocument, Collections, RowDocument } from './documents.ts'
import { earliest } from './earliest.ts'
import { duplicatesIn } from './failures.ts'

/** An entry that is in the journal, with what is to follow from it. */
export interface Applicable {
  readonly entry: Entry
  readonly rows: readonly ViewRow[]
  /** The ids of the `latest` rows of the entry before, of which those that this one has not vanish. */
  readonly keysBefore: readonly string[]
}

/** `first` is cheap and right where the document is new; `again` is right always. */
interface Write<Document extends { readonly _id: string }> {
  readonly first: AnyBulkWriteOperation<Document>
  readonly again: AnyBulkWriteOperation<Document>
}

type RowWrite = Write<RowDocument>
type HeadWrite = Write<ActorDocument>

/** The ids of an entry's `latest` rows. */
export function latestKeys(rows: readonly ViewRow[]): string[] {
  return rows.filter(({ keep }) => keep === 'latest').map(({ view, key }) => rowId(view, key))
}

/**
 * Writes heads, timers and rows of entries, in any order and any number of times with the same end: every write
 * is guarded by seq, a row that vanishes leaves a tombstone that holds off older writers, and of an `append`
 * row the first entry's stays.
 */
export async function applyEntries(
  { actors, rows }: Collections,
  items: readonly Applicable[],
): Promise<void> {
  const heads: HeadWrite[] = []
  const rowWrites: RowWrite[] = []
  for (const own of groupBy(items, ({ entry }) => entry.actor).values()) {
    const inOrder = own.sort((a, b) => a.entry.seq - b.entry.seq)
    const newest = inOrder.at(-1)
    if (newest) heads.push(headWrite(newest.entry))
    rowWrites.push(...rowWritesOf(inOrder))
  }
  await Promise.all([
    guarded(heads, (some) => actors.bulkWrite(some, { ordered: false })),
    guarded(rowWrites, (some) => rows.bulkWrite(some, { ordered: false })),
  ])
}

/**
 * An insert fails where the document is there already, and is then done as an upsert. An upsert whose guard keeps it
 * off a newer document fails on that document's `_id`, as it should; but so does one that raced with another upsert
 * of a new document, and that one succeeds when done again.
 */
async function guarded<Document extends { readonly _id: string }>(
  writes: readonly Write<Document>[],
  write: (some: AnyBulkWriteOperation<Document>[]) => Promise<BulkWriteResult>,
): Promise<void> {
  let left = writes
  for (let round = 0; round < 3 && left.length > 0; round += 1) {
    const tried = left
    left = []
    try {
      await write(tried.map(({ first, again }) => (round === 0 ? first : again)))
    } catch (error) {
      const failed = new Set(duplicatesIn(error))
      left = tried.filter((_, index) => failed.has(index))
    }
  }
}

function headWrite({ actor, seq, snapshot: { timers } }: Entry): HeadWrite {
  const dueAt = earliest(timers.map((timer) => timer.dueAt))
  const set = { seq, timers, ...(dueAt !== null && { dueAt }) }
  const unset = dueAt === null ? { $unset: { dueAt: '' as const } } : {}
  const filter = { _id: actor, seq: { $lte: seq } }
  const again = { updateOne: { filter, update: { $set: set, ...unset }, upsert: true } }
  return { first: seq === 1 ? { insertOne: { document: { _id: actor, ...set } } } : again, again }
}

/** The writes for entries of one actor, in order: at most one for each row. */
function rowWritesOf(inOrder: readonly Applicable[]): RowWrite[] {
  const writes = new Map<string, RowWrite>()
  for (const { entry, rows, keysBefore } of inOrder) {
    const { actor, seq } = entry
    const latest = new Set(latestKeys(rows))
    for (const id of keysBefore) {
      if (!latest.has(id)) writes.set(id, tombstone(id, actor, seq))
    }
    const before = new Set(keysBefore)
    for (const row of rows) {
      const id = rowId(row.view, row.key)
      if (row.keep === 'latest') writes.set(id, latestRow(row, entry, before.has(id)))
      else if (!writes.has(id)) writes.set(id, appendRow(row, entry))
    }
  }
  return [...writes.values()]
}

function latestRow(row: ViewRow, { actor, seq }: Entry, isThere: boolean): RowWrite {
  const _id = rowId(row.view, row.key)
  const set = { actor, seq, latest: true, value: jsonText(row.value) }
  const update = { $set: set, $unset: { goneAt: '' as const } }
  const again = { updateOne: { filter: { _id, seq: { $lte: seq } }, update, upsert: true } }
  return { first: isThere ? again : { insertOne: { document: { _id, ...set } } }, again }
}

function appendRow(row: ViewRow, { actor, seq }: Entry): RowWrite {
  const _id = rowId(row.view, row.key)
  const set = { actor, seq, latest: false, value: jsonText(row.value) }
  const filter = { _id, seq: { $gte: seq } }
  return {
    first: { insertOne: { document: { _id, ...set } } },
    again: { updateOne: { filter, update: { $set: set }, upsert: true } },
  }
}

function tombstone(id: string, actor: ActorRef, seq: number): RowWrite {
  const update = {
    $set: { actor, seq, latest: true },
    $unset: { value: '' as const },
    $currentDate: { goneAt: true as const },
  }
  const again = { updateOne: { filter: { _id: id, seq: { $lte: seq } }, update, upsert: true } }
  return { first: again, again }
}
