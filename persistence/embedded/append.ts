import type { Commit, Entry } from '../../actors/journal/journal.ts'
import type { AppendOutcome, Lease } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import { msOf } from '../../values/instant.ts'
import { integerIn } from './columns.ts'
import { documentOf } from './document.ts'
import type { Database } from './driver.ts'
import { openEffects } from './effects/claims.ts'
import type { EmbeddedHome } from './home.ts'
import { hasParkedEnvelopes, isHeldBack } from './parked.ts'
import { writeTimers } from './timers.ts'
import { writeRows } from './views.ts'

/** Writes commits within the caller's transaction. */
export function appendCommits(
  home: EmbeddedHome,
  commits: readonly Commit[],
  lease: Lease | null,
): AppendOutcome[] {
  const stopped = new Set<ActorRef>()
  const isAnyParked = hasParkedEnvelopes(home.database)
  return commits.map((commit) => {
    const { actor } = commit.entry
    if (stopped.has(actor)) return { outcome: 'conflict' }
    const answer =
      isAnyParked && isHeldBack(home.database, commit.entry.envelope)
        ? refusal(home.database, commit.entry)
        : appendOne(home, commit, lease)
    if (answer.outcome !== 'committed') stopped.add(actor)
    return answer
  })
}

function appendOne(home: EmbeddedHome, commit: Commit, lease: Lease | null): AppendOutcome {
  const { database } = home
  const { entry, change, rows } = commit
  const { seq, snapshot } = entry
  const isFirst = seq === 1
  const id = isFirst ? newActor(database, commit) : actorBefore(database, entry)
  if (id === null || !insertEntry(home, id, commit)) return refusal(database, entry)
  if (!isFirst) moveHead(database, id, commit)
  openEffects(database, id, entry, lease)
  if (change === null || change.timers !== undefined) {
    writeTimers(database, id, snapshot.timers, { isFirst })
  }
  writeRows(database, id, rows, { isFirst })
  return { outcome: 'committed' }
}

/** The number of the actor that begins with this entry, or null if it has begun. */
function newActor(database: Database, { entry, rows }: Commit): number | null {
  const { changes, rowId } = database.run(
    `INSERT INTO actors (ref, seq, committed_at, has_rows) VALUES (?, 1, ?, ?)
     ON CONFLICT (ref) DO NOTHING`,
    [entry.actor, msOf(entry.committedAt), rows.put.length > 0],
  )
  return changes === 0 ? null : rowId
}

/** The number of the actor whose newest entry is the one before this, or null if it is another. */
function actorBefore(database: Database, { actor, seq }: Entry): number | null {
  const head = database.get('SELECT id, seq FROM actors WHERE ref = ?', [actor])
  return head?.['seq'] === seq - 1 ? integerIn(head, 'id') : null
}

function moveHead(database: Database, id: number, { entry, rows }: Commit): void {
  const { seq, committedAt } = entry
  const hasRows = rows.put.length > 0
  database.run(
    `UPDATE actors SET seq = ?, committed_at = ?${hasRows ? ', has_rows = 1' : ''} WHERE id = ?`,
    [seq, msOf(committedAt), id],
  )
}

/** False if the actor has taken this envelope already. */
export function insertEntry(
  { database, packer }: EmbeddedHome,
  id: number,
  commit: Pick<Commit, 'entry' | 'change'>,
): boolean {
  const { seq, committedAt, envelope } = commit.entry
  const { document, packed } = documentOf(commit, packer)
  const { changes } = database.run(
    `INSERT INTO entries (actor_id, seq, committed_at, envelope_id, document, packed)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (actor_id, envelope_id) DO NOTHING`,
    [id, seq, msOf(committedAt), envelope.id, document, packed],
  )
  return changes > 0
}

function refusal(database: Database, { actor, envelope }: Entry): AppendOutcome {
  const row = database.get(
    `SELECT seq FROM entries
     WHERE actor_id = (SELECT id FROM actors WHERE ref = ?) AND envelope_id = ?`,
    [actor, envelope.id],
  )
  return row ? { outcome: 'duplicate', seq: integerIn(row, 'seq') } : { outcome: 'conflict' }
}
