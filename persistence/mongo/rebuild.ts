import type { Entry, ViewRow } from '../../actors/journal.ts'
import { checkRows } from '../checked.ts'
import { type Applicable, applyEntries, latestKeys } from './apply.ts'
import type { Collections, JournalDocument } from './documents.ts'
import { entryOf } from './journal.ts'
import { type KnownEntries, type Place, entryId, readKeys } from './known.ts'
import type { Marks } from './marks.ts'

export type Project = (entry: Entry) => readonly ViewRow[]

export interface Rebuilding {
  readonly collections: Collections
  readonly known: KnownEntries
  readonly marks: Marks
}

type EntryDocument = Pick<JournalDocument, '_id' | 'actor' | 'seq' | 'entry' | 'keys'>

/** An entry with what it gives now, and the keys that its document still names. */
interface Projected extends Applicable {
  readonly keysWritten: readonly string[]
}

const batchEntries = 500
const entryFields = { actor: 1, seq: 1, entry: 1, keys: 1 } as const

/**
 * Drops the rows of all views and writes them, the heads and the timers anew, actor by actor. Other processes may
 * append meanwhile: their writes and these carry the same guards. If it breaks off, run it again.
 */
export async function rebuildAll(
  { collections, known, marks }: Rebuilding,
  project: Project,
  progress: (actorsDone: number) => void,
): Promise<void> {
  await marks.settled()
  await collections.rows.deleteMany({})
  const cursor = collections.journal
    .find({})
    .sort({ actor: 1, seq: 1 })
    .batchSize(batchEntries)
    .project<EntryDocument>(entryFields)
  let actorsDone = 0
  let last: Projected | null = null
  let batch: Projected[] = []
  const flush = async () => {
    await write({ collections, known, marks }, batch)
    batch = []
    progress(actorsDone)
  }
  for await (const document of cursor) {
    const sameActor: boolean = last?.entry.actor === document.actor
    if (last !== null && !sameActor) actorsDone += 1
    last = projected(document, project, last !== null && sameActor ? latestKeys(last.rows) : [])
    batch.push(last)
    if (batch.length >= batchEntries) await flush()
  }
  if (last !== null) actorsDone += 1
  await flush()
  known.forget()
}

/** Applies the entries that are not marked as applied; returns how many there were. */
export async function healAll(ports: Rebuilding, project: Project): Promise<number> {
  const { collections, marks } = ports
  await marks.settled()
  let healed = 0
  for (let after: EntryDocument | undefined; ;) {
    const documents = await unappliedAfter(collections, after)
    if (documents.length === 0) return healed
    await write(ports, await healing(collections, documents, project))
    healed += documents.length
    after = documents.at(-1)
  }
}

function unappliedAfter({ journal }: Collections, after: Place | undefined) {
  const later = after && [
    { actor: after.actor, seq: { $gt: after.seq } },
    { actor: { $gt: after.actor } },
  ]
  return journal
    .find({ unapplied: { $eq: true, $exists: true }, ...(later && { $or: later }) })
    .sort({ actor: 1, seq: 1 })
    .limit(batchEntries)
    .project<EntryDocument>(entryFields)
    .toArray()
}

/**
 * What is still to follow from entries whose append broke off. Of an entry that a newer applied one has replaced,
 * `latest` rows are left out: that one's tombstones may have gone since, and nothing else would hold them off.
 */
async function healing(
  collections: Collections,
  documents: readonly EntryDocument[],
  project: Project,
): Promise<readonly Projected[]> {
  const before = documents.map(({ actor, seq }) => ({ actor, seq: seq - 1 }))
  const [keys, heads] = await Promise.all([
    readKeys(collections, before),
    collections.actors.find({ _id: { $in: documents.map(({ actor }) => actor) } }).toArray(),
  ])
  const newest = new Map(heads.map(({ _id, seq }) => [_id, seq]))
  return documents.map((document) => {
    const { actor, seq } = document
    const one = projected(document, project, keys.get(entryId({ actor, seq: seq - 1 })) ?? [])
    if ((newest.get(actor) ?? 0) <= seq) return one
    return { ...one, rows: one.rows.filter(({ keep }) => keep === 'append'), keysWritten: [] }
  })
}

function projected(
  document: EntryDocument,
  project: Project,
  keysBefore: readonly string[],
): Projected {
  const entry = entryOf(document)
  const rows = project(entry)
  checkRows(rows, document._id)
  return { entry, rows, keysBefore, keysWritten: document.keys }
}

async function write({ collections, marks }: Rebuilding, items: readonly Projected[]) {
  await applyEntries(collections, items)
  // The views may have changed since the entry was written: the next one must know today's keys.
  const changed = items.filter(({ rows, keysWritten }) => !sameTexts(latestKeys(rows), keysWritten))
  if (changed.length > 0) {
    await collections.journal.bulkWrite(
      changed.map(({ entry, rows }) => ({
        updateOne: {
          filter: { _id: entryId(entry), actor: entry.actor },
          update: { $set: { keys: latestKeys(rows) } },
        },
      })),
      { ordered: false },
    )
  }
  marks.add(items.map(({ entry }) => entry))
  await marks.settled()
}

function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, place) => text === others[place])
}
