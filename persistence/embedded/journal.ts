import type { Commit, Entry } from '../../actors/journal.ts'
import type { AppendOutcome, Page, PageRequest } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { isStorable } from '../checked.ts'
import { afterPrefix, listByNumber, listByText } from '../pages.ts'
import { jsonText, readEntry } from '../stored-json.ts'
import { actorIn, integerIn, textIn } from './columns.ts'
import type { Bind, Database, Row } from './driver.ts'
import { openEffects } from './effects.ts'
import { writeTimers } from './timers.ts'
import { writeRows } from './views.ts'

/** Writes commits within the caller's transaction. */
export function appendCommits(database: Database, commits: readonly Commit[]): AppendOutcome[] {
  const stopped = new Set<ActorRef>()
  return commits.map((commit) => {
    const { actor } = commit.entry
    if (stopped.has(actor)) return { outcome: 'conflict' }
    const answer = appendOne(database, commit)
    if (answer.outcome !== 'committed') stopped.add(actor)
    return answer
  })
}

function appendOne(database: Database, { entry, rows }: Commit): AppendOutcome {
  const { actor, seq, envelope } = entry
  const taken = seqOfEnvelope(database, actor, envelope.id)
  if (taken !== null) return { outcome: 'duplicate', seq: taken }
  const head = database.get('SELECT seq, timers FROM actors WHERE actor = ?', [actor])
  const before = head ? integerIn(head, 'seq') : 0
  if (seq !== before + 1) return { outcome: 'conflict' }
  insertEntry(database, entry)
  openEffects(database, entry)
  const timers = JSON.stringify(entry.snapshot.timers)
  writeHead(database, { actor, seq, timers })
  if (timers !== (head?.['timers'] ?? '[]')) writeTimers(database, actor, entry.snapshot.timers)
  writeRows(database, { actor, seq, rows })
  return { outcome: 'committed' }
}

export function insertEntry(database: Database, entry: Entry): void {
  database.run(
    `INSERT INTO entries (actor, seq, envelope_id, committed_at, document) VALUES (?, ?, ?, ?, ?)`,
    [entry.actor, entry.seq, entry.envelope.id, entry.committedAt, jsonText(entry)],
  )
}

/** `timers` is the JSON of the newest snapshot's. */
export function writeHead(
  database: Database,
  head: { readonly actor: ActorRef; readonly seq: number; readonly timers: string },
): void {
  database.run(
    `INSERT INTO actors VALUES (?1, ?2, ?3)
     ON CONFLICT (actor) DO UPDATE SET seq = excluded.seq, timers = excluded.timers`,
    [head.actor, head.seq, head.timers],
  )
}

function seqOfEnvelope(database: Database, actor: ActorRef, envelopeId: string): number | null {
  const sql = 'SELECT seq FROM entries WHERE actor = ? AND envelope_id = ?'
  const row = database.get(sql, [actor, envelopeId])
  return row ? integerIn(row, 'seq') : null
}

export function entryIn(row: Row): Entry {
  return readEntry(row['document'], () => `the entry ${String(row['actor'])}#${String(row['seq'])}`)
}

/** Reads of the journal. */
export function createJournal(database: Database) {
  const one = (rest: string, binds: readonly Bind[]): Entry | null => {
    const row = database.get(`SELECT actor, seq, document FROM entries WHERE ${rest}`, binds)
    return row ? entryIn(row) : null
  }
  return {
    head: (actor: ActorRef) => one('actor = ? ORDER BY seq DESC LIMIT 1', [actor]),
    entry: (actor: ActorRef, seq: number) =>
      Number.isSafeInteger(seq) ? one('actor = ? AND seq = ?', [actor, seq]) : null,
    entryAt: (actor: ActorRef, at: Instant) =>
      one('actor = ? AND committed_at <= ? ORDER BY committed_at DESC, seq DESC LIMIT 1', [
        actor,
        at,
      ]),
    seqsOf(actor: ActorRef, envelopeIds: readonly string[]): ReadonlyMap<string, number> {
      const rows = database.all(
        `SELECT envelope_id, seq FROM entries
         WHERE actor = ?1 AND envelope_id IN (SELECT value FROM json_each(?2))`,
        [actor, JSON.stringify(envelopeIds.filter(isStorable))],
      )
      return new Map(rows.map((row) => [textIn(row, 'envelope_id'), integerIn(row, 'seq')]))
    },
    history(actor: ActorRef, page: PageRequest): Page<Entry> {
      const list = listByNumber(`history ${actor}`)
      const rows = database.all(
        `SELECT actor, seq, document FROM entries WHERE actor = ? AND seq > ? ORDER BY seq LIMIT ?`,
        [actor, list.after(page) ?? 0, page.limit + 1],
      )
      return list.page(rows.map(entryIn), page.limit, ({ seq }) => seq)
    },
    actors(type: string | null, page: PageRequest): Page<ActorRef> {
      const list = listByText(`actors ${type ?? ''}`)
      const prefix = type === null ? '' : `${type}/`
      // Refs are ASCII, so that '~~' comes after all of them.
      const end = afterPrefix(prefix) ?? '~~'
      const rows = database.all(
        'SELECT actor FROM actors WHERE actor > ? AND actor < ? ORDER BY actor LIMIT ?',
        [list.after(page) ?? prefix, end, page.limit + 1],
      )
      return list.page(rows.map(actorIn), page.limit, (actor) => actor)
    },
  }
}
