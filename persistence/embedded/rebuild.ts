import { rowChanges } from '../../actors/journal/commit-of.ts'
import type { Entry, ViewRow } from '../../actors/journal/journal.ts'
import { msOf } from '../../values/instant.ts'
import { checkRows } from '../checked.ts'
import { actorIn, integerIn } from './columns.ts'
import { entryAfter, keptIn } from './document.ts'
import type { Database } from './driver.ts'
import type { EmbeddedHome } from './home.ts'
import { storedIn } from './journal.ts'
import { writeTimers } from './timers.ts'
import { writeRows } from './views.ts'

const pageEntries = 500

/**
 * Drops all that follows from the journal and rebuilds it, in one transaction: after a crash in the
 * middle the old rows are there, whole. Nothing else runs in this process meanwhile.
 */
export function rebuildAll(
  home: EmbeddedHome,
  project: (entry: Entry) => readonly ViewRow[],
  progress: (actorsDone: number) => void,
): void {
  const { database } = home
  database.transaction(() => {
    database.exec('DELETE FROM view_rows; DELETE FROM timers')
    const projecting = createProjecting(database, project)
    for (const page of allEntries(home)) {
      for (const numbered of page) projecting.take(numbered)
      progress(projecting.actorsDone())
    }
    projecting.finish()
    progress(projecting.actorsDone())
  })
}

interface ProjectedEntry extends NumberedEntry {
  readonly rows: readonly ViewRow[]
  /** True if this entry or one before gives a row. */
  readonly hasRows: boolean
}

/** Takes all entries by actor and seq. */
function createProjecting(database: Database, project: (entry: Entry) => readonly ViewRow[]) {
  let last: ProjectedEntry | null = null
  let done = 0
  const finish = () => {
    if (last === null) return
    const { id, entry, hasRows } = last
    database.run('UPDATE actors SET seq = ?, committed_at = ?, has_rows = ? WHERE id = ?', [
      entry.seq,
      msOf(entry.committedAt),
      hasRows,
      id,
    ])
    writeTimers(database, id, entry.snapshot.timers, { isFirst: true })
    done += 1
    last = null
  }
  return {
    take({ id, entry }: NumberedEntry): void {
      if (last?.id !== id) finish()
      const rows = project(entry)
      checkRows(rows, `${entry.actor}#${entry.seq}`)
      writeRows(database, id, rowChanges(last?.rows ?? [], rows), { isFirst: last === null })
      last = { id, entry, rows, hasRows: rows.length > 0 || last?.hasRows === true }
    },
    finish,
    actorsDone: () => done,
  }
}

/** An entry with its actor's number in this file. */
export interface NumberedEntry {
  readonly id: number
  readonly entry: Entry
}

/** All entries by actor and seq, a page at a time. */
export function* allEntries(home: EmbeddedHome): Generator<readonly NumberedEntry[]> {
  for (let last: NumberedEntry | null = null; ;) {
    const page = entriesAfter(home, last)
    last = page.at(-1) ?? null
    if (last === null) return
    yield page
  }
}

function entriesAfter(
  { database, packer }: EmbeddedHome,
  last: NumberedEntry | null,
): readonly NumberedEntry[] {
  const rows = database.all(
    `SELECT j.actor_id, a.ref, j.seq, j.committed_at, j.envelope_id, j.document, j.packed
     FROM entries j JOIN actors a ON a.id = j.actor_id WHERE (j.actor_id, j.seq) > (?, ?)
     ORDER BY j.actor_id, j.seq LIMIT ?`,
    [last?.id ?? 0, last?.entry.seq ?? 0, pageEntries],
  )
  const page: NumberedEntry[] = []
  for (const row of rows) {
    const id = integerIn(row, 'actor_id')
    const before = page.at(-1)?.entry ?? last?.entry ?? null
    const stored = keptIn(storedIn(row, actorIn(row)))
    page.push({ id, entry: entryAfter(before, stored, packer) })
  }
  return page
}
