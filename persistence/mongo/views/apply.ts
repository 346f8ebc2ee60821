import type { UpdateFilter } from 'mongodb'
import type { ArmedTimer, RowChanges, RowKey, ViewRow } from '../../../actors/journal/journal.ts'
import { rowId } from '../../checked.ts'
import { groupBy } from '../../grouping.ts'
import type { Collections, RowDocument, TimersDocument } from '../documents/documents.ts'
import { earliest } from '../documents/earliest.ts'
import { duplicatesIn } from '../failures.ts'
import type { Place } from '../documents/head-index.ts'
import { stored } from '../documents/stored.ts'

/** An entry that is in the journal, with what is to follow from it. */
export interface Applicable {
  readonly entry: Place
  readonly rows: RowChanges
  /** Null where they are as the entry before left them. */
  readonly timers: readonly ArmedTimer[] | null
}

export function isEmpty({ rows, timers }: Omit<Applicable, 'entry'>): boolean {
  return timers === null && rows.put.length === 0 && rows.gone.length === 0
}

/** One guarded write of one document. */
interface Write<Document extends { readonly _id: string }> {
  /** Where it is almost certainly new: the cheapest way, which fails where it is there. */
  readonly insert: Document | null
  readonly filter: { readonly _id: string; readonly seq: { $lte: number } | { $gte: number } }
  readonly update: UpdateFilter<Document>
}

type RowWrite = Write<RowDocument>

/**
 * Writes timers and rows of entries, in any order and any number of times with the same end: every
 * write is guarded by seq, a row that vanishes leaves a tombstone that holds off older writers, and
 * of an `append` row the first entry's stays.
 */
export async function applyEntries(
  { timers, rows }: Collections,
  items: readonly Applicable[],
): Promise<void> {
  const timersWrites: Write<TimersDocument>[] = []
  const rowWrites: RowWrite[] = []
  for (const own of groupBy(items, ({ entry }) => entry.actor).values()) {
    const inOrder = own.sort((a, b) => a.entry.seq - b.entry.seq)
    const newest = inOrder.findLast((item) => item.timers !== null)
    if (newest?.timers) timersWrites.push(timersWrite(newest.entry, newest.timers))
    rowWrites.push(...rowWritesOf(inOrder))
  }
  await Promise.all([
    guarded(timersWrites, {
      insert: (documents) => timers.insertMany([...documents], unordered),
      update: (writes, upsert) => timers.bulkWrite(updates(writes, upsert), unordered),
    }),
    guarded(rowWrites, {
      insert: (documents) => rows.insertMany([...documents], unordered),
      update: (writes, upsert) => rows.bulkWrite(updates(writes, upsert), unordered),
    }),
  ])
}

const unordered = { ordered: false }

interface DocumentWriter<Document extends { readonly _id: string }> {
  readonly insert: (documents: readonly Document[]) => Promise<unknown>
  readonly update: (writes: readonly Write<Document>[], upsert: boolean) => Promise<unknown>
}

/**
 * Inserts if all are new, else upserts: a bulk of one kind is one round trip. An upsert whose guard
 * keeps it off a document that is newer fails on that document's `_id`, as it should; but so does
 * one that raced with another write of a new document, and an insert of what is there. These are
 * done once more, when the document is there for sure.
 */
async function guarded<Document extends { readonly _id: string }>(
  writes: readonly Write<Document>[],
  { insert, update }: DocumentWriter<Document>,
): Promise<void> {
  if (writes.length === 0) return
  const documents = writes.flatMap(({ insert: one }) => (one === null ? [] : [one]))
  try {
    await (documents.length === writes.length ? insert(documents) : update(writes, true))
  } catch (error) {
    const failed = new Set(duplicatesIn(error))
    await update(
      writes.filter((_, index) => failed.has(index)),
      false,
    )
  }
}

function updates<Document extends { readonly _id: string }>(
  writes: readonly Write<Document>[],
  upsert: boolean,
) {
  return writes.map(({ filter, update }) => ({ updateOne: { filter, update, upsert } }))
}

function timersWrite({ actor, seq }: Place, timers: readonly ArmedTimer[]): Write<TimersDocument> {
  const dueAt = earliest(timers.map((timer) => timer.dueAt))
  const set = { seq, timers, ...(dueAt !== null && { dueAt }) }
  const unset = dueAt === null ? { $unset: { dueAt: '' as const } } : {}
  return {
    insert: seq === 1 ? { _id: actor, ...set } : null,
    filter: { _id: actor, seq: { $lte: seq } },
    update: { $set: set, ...unset },
  }
}

/** The writes for entries of one actor, in order: at most one for each row. */
function rowWritesOf(inOrder: readonly Applicable[]): RowWrite[] {
  const writes = new Map<string, RowWrite>()
  for (const { entry, rows } of inOrder) {
    for (const gone of rows.gone) writes.set(rowId(gone.view, gone.key), tombstone(gone, entry))
    for (const row of rows.put) {
      const id = rowId(row.view, row.key)
      if (row.keep === 'latest') writes.set(id, latestRow(row, entry))
      else if (!writes.has(id)) writes.set(id, appendRow(row, entry))
    }
  }
  return [...writes.values()]
}

function latestRow(row: ViewRow, { actor, seq }: Place): RowWrite {
  const _id = rowId(row.view, row.key)
  const set = { actor, seq, latest: true, value: stored(row.value) }
  return {
    insert: seq === 1 ? { _id, ...set } : null,
    filter: { _id, seq: { $lte: seq } },
    update: { $set: set, $unset: { goneAt: '' as const } },
  }
}

function appendRow(row: ViewRow, { actor, seq }: Place): RowWrite {
  const _id = rowId(row.view, row.key)
  const set = { actor, seq, latest: false, value: stored(row.value) }
  return { insert: { _id, ...set }, filter: { _id, seq: { $gte: seq } }, update: { $set: set } }
}

function tombstone(row: RowKey, { actor, seq }: Place): RowWrite {
  const _id = rowId(row.view, row.key)
  return {
    insert: null,
    filter: { _id, seq: { $lte: seq } },
    update: {
      $set: { actor, seq, latest: true },
      $unset: { value: '' },
      $currentDate: { goneAt: true },
    },
  }
}
