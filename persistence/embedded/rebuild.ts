import type { Entry, ViewRow } from '../../actors/journal.ts'
import { checkRows } from '../checked.ts'
import type { Database } from './driver.ts'
import { entryIn, writeHead } from './journal.ts'
import { writeTimers } from './timers.ts'
import { writeRows } from './views.ts'

const pageEntries = 500

/**
 * Drops all that follows from the journal and writes it anew, in one transaction: after a crash in the middle
 * the old rows are there, whole. Nothing else runs in this process meanwhile.
 */
export function rebuildAll(
  database: Database,
  project: (entry: Entry) => readonly ViewRow[],
  progress: (actorsDone: number) => void,
): void {
  database.transaction(() => {
    database.exec('DELETE FROM view_rows; DELETE FROM timers; DELETE FROM actors')
    let done = 0
    let last: Entry | null = null
    const finish = (entry: Entry) => {
      const { actor, seq, snapshot } = entry
      writeHead(database, { actor, seq, timers: JSON.stringify(snapshot.timers) })
      writeTimers(database, actor, snapshot.timers)
      done += 1
    }
    for (const entries of entriesOf(database)) {
      for (const entry of entries) {
        if (last !== null && last.actor !== entry.actor) finish(last)
        const rows = project(entry)
        checkRows(rows, `${entry.actor}#${entry.seq}`)
        writeRows(database, { actor: entry.actor, seq: entry.seq, rows })
        last = entry
      }
      progress(done)
    }
    if (last !== null) finish(last)
    progress(done)
  })
}

/** All entries by actor and seq, a page at a time. */
export function* entriesOf(database: Database): Generator<readonly Entry[]> {
  let page: Entry[] = []
  for (let last: Entry | undefined; ; last = page.at(-1)) {
    page = database
      .all(
        `SELECT actor, seq, document FROM entries WHERE (actor, seq) > (?, ?)
         ORDER BY actor, seq LIMIT ?`,
        [last?.actor ?? '', last?.seq ?? 0, pageEntries],
      )
      .map(entryIn)
    if (page.length === 0) return
    yield page
  }
}
