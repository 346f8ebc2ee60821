import type { Commit, Entry } from '../../actors/journal.ts'
import type { AppendOutcome, Lease } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import { msOf } from '../../values/instant.ts'
import { actorId } from './actors.ts'
import { integerIn } from './columns.ts'
import { documentOf } from './document.ts'
import type { Database } from './driver.ts'
import { openEffects } from './effects/claims.ts'
import { writeTimers } from './timers.ts'
import { writeRows } from './views.ts'

/** Writes commits within the caller's transaction. */
export function appendCommits(
  database: Database,
  commits: readonly Commit[],
  lease: Lease | null,
): AppendOutcome[] {
  const stopped = new Set<ActorRef>()
  return commits.map((commit) => {
    const { actor } = commit.entry
    if (stopped.has(actor)) return { outcome: 'conflict' }
    const answer = appendOne(database, commit, lease)
    if (answer.outcome !== 'committed') stopped.add(actor)
    return answer
  })
}

function appendOne(database: Database, commit: Commit, lease: Lease | null): AppendOutcome {
  const { entry, change, rows } = commit
  const { seq, snapshot } = entry
  const id = moveHead(database, commit)
  if (id === null) return refusal(database, entry)
  if (!insertEntry(database, id, commit)) {
    const before = seq - 1
    database.run('UPDATE actors SET seq = ? WHERE id = ?', [before, id])
    database.run(
      `UPDATE actors SET committed_at = (SELECT committed_at FROM entries WHERE actor_id = ?1 AND seq = ?2)
       WHERE id = ?1`,
      [id, before],
    )
    return refusal(database, entry)
  }
  openEffects(database, id, entry, lease)
  if (change === null || change.timers !== undefined) {
    writeTimers(database, id, snapshot.timers, { isFirst: seq === 1 })
  }
  writeRows(database, id, rows, { isFirst: seq === 1 })
  return { outcome: 'committed' }
}

/**
 * Makes this entry the actor's newest; answers the actor's number, or null if the one before is
 * another.
 */
function moveHead(database: Database, { entry, rows }: Commit): number | null {
  const { actor, seq, committedAt } = entry
  const hasRows = rows.put.length > 0
  const at = msOf(committedAt)
  const moved =
    seq === 1
      ? database.run(
          `INSERT INTO actors (ref, seq, committed_at, has_rows) VALUES (?, 1, ?, ?)
           ON CONFLICT (ref) DO NOTHING`,
          [actor, at, hasRows],
        )
      : database.run(
          `UPDATE actors SET seq = ?2, committed_at = ?3, has_rows = has_rows OR ?4
           WHERE ref = ?1 AND seq = ?2 - 1`,
          [actor, seq, at, hasRows],
        )
  return moved.changes === 0 ? null : actorId(database, actor)
}

/** False if the actor has taken this envelope already. */
export function insertEntry(
  database: Database,
  id: number,
  commit: Pick<Commit, 'entry' | 'change'>,
): boolean {
  const { seq, committedAt, envelope } = commit.entry
  const { changes } = database.run(
    `INSERT INTO entries (actor_id, seq, committed_at, envelope_id, document) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (actor_id, envelope_id) DO NOTHING`,
    [id, seq, msOf(committedAt), envelope.id, documentOf(commit)],
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
