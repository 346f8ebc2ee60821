import { rowChanges } from '../../../actors/journal/commit-of.ts'
import type { Entry, ViewRow } from '../../../actors/journal/journal.ts'
import { checkRows } from '../../checked.ts'
import type { Marks } from './applied-marks.ts'
import { type Applicable, applyEntries } from './apply.ts'
import type { Collections, JournalDocument } from '../documents/documents.ts'
import { createFold } from '../documents/entries.ts'
import { entriesAlone } from '../documents/head-index.ts'

export type Project = (entry: Entry) => readonly ViewRow[]

export interface Following {
  readonly collections: Collections
  readonly marks: Marks
}

const batchEntries = 500

/**
 * Drops the timers and the rows of all views and writes them again, actor by actor. Other processes
 * may append meanwhile: their writes and these carry the same guards. If it breaks off, run it
 * again.
 */
export async function rebuildAll(
  { collections, marks }: Following,
  project: Project,
  progress: (actorsDone: number) => void,
): Promise<void> {
  await marks.flush()
  await Promise.all([collections.rows.deleteMany({}), collections.timers.deleteMany({})])
  const cursor = collections.journal
    .find({ seq: entriesAlone })
    .sort({ actor: 1, seq: 1 })
    .batchSize(batchEntries)
    .project<JournalDocument>({ delivery: 0 })
  const fold = createFold(collections.packer)
  let actorsDone = 0
  let last: { readonly entry: Entry; readonly rows: readonly ViewRow[] } | null = null
  let batch: Applicable[] = []
  let unapplied: Entry[] = []
  const flush = async () => {
    await applyEntries(collections, batch)
    marks.add(unapplied)
    await marks.flush()
    batch = []
    unapplied = []
    progress(actorsDone)
  }
  for await (const document of cursor) {
    const entry = fold.entryOf(document)
    const sameActor: boolean = last?.entry.actor === entry.actor
    if (last !== null && !sameActor) actorsDone += 1
    const rows = projected(entry, project)
    const before = last !== null && sameActor ? last.rows : []
    batch.push({ entry, rows: rowChanges(before, rows), timers: entry.snapshot.timers })
    if (document.unapplied === true) unapplied.push(entry)
    last = { entry, rows }
    if (batch.length >= batchEntries) await flush()
  }
  if (last !== null) actorsDone += 1
  await flush()
}

/** The rows of an entry; throws RangeError for rows that no view could hold. */
export function projected(entry: Entry, project: Project): readonly ViewRow[] {
  const rows = project(entry)
  checkRows(rows, `${entry.actor}#${entry.seq}`)
  return rows
}
