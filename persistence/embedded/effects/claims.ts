import type { Effect } from '../../../actors/journal/journal.ts'
import { laneOf } from '../../../actors/delivery/lanes.ts'
import type { ClaimedEffect, Lease } from '../../../actors/ports.ts'
import { type Instant, instant, msOf, plusMs } from '../../../values/instant.ts'
import { instantOrNullIn, integerIn } from '../columns.ts'
import type { Database } from '../driver.ts'
import { effectKeyOf } from './effect-key.ts'
import { retriedIn } from './retries.ts'
import { type EffectSource, createSources, effectIn } from './source.ts'

/** Within the transaction that writes the entry: claimable (P6), or claimed if there is a lease. */
export function openEffects(
  database: Database,
  id: number,
  { seq, effects, committedAt }: EffectSource,
  lease: Lease | null,
): void {
  for (const effect of effects) {
    const key = effectKeyOf(effect.id)
    if (key === null) throw new RangeError(`${effect.id} is no id of an effect`)
    database.run('INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, NULL, NULL)', [
      id,
      seq,
      key.n,
      laneNumber(effect),
      msOf(lease?.endsAt ?? committedAt),
      lease !== null,
      lease === null ? 0 : 1,
      lease && msOf(lease.now),
    ])
  }
}

export function laneNumber(effect: Effect): number {
  return laneOf(effect) === 'internal' ? 0 : 1
}

/** Frees what a process held that is gone: the one that opens the file is the only one. */
export function freeHeld(database: Database): void {
  database.run(
    `UPDATE effects SET held = 0, due_at = (
       SELECT committed_at FROM entries j
       WHERE j.actor_id = effects.actor_id AND j.seq = effects.seq
     ) WHERE held = 1`,
  )
}

export interface Claim {
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
  /** Undefined for any. */
  readonly lane: 'internal' | undefined
}

const byDue = 'ORDER BY due_at, actor_id, seq, n LIMIT ?2'
const dueIn = (lane: 0 | 1) => `
  SELECT actor_id, seq, n, due_at, tries, attempt, first_tried_at, retried FROM effects
  WHERE lane = ${lane} AND due_at <= ?1 ${byDue}`
const dueInternal = dueIn(0)
const dueAny = `SELECT * FROM (${dueIn(0)}) UNION ALL SELECT * FROM (${dueIn(1)}) ${byDue}`

function dueSql(lane: Claim['lane']): string {
  return lane === 'internal' ? dueInternal : dueAny
}

/** True if `claimEffects` would find something. */
export function isAnyDue(database: Database, { now, lane }: Pick<Claim, 'now' | 'lane'>): boolean {
  return database.all(dueSql(lane), [msOf(now), 1]).length > 0
}

/** Claims within the caller's transaction. */
export function claimEffects(
  database: Database,
  { now, limit, leaseMs, lane }: Claim,
): ClaimedEffect[] {
  const leaseEndsAt = plusMs(now, leaseMs)
  const entryOf = createSources(database)
  return database.all(dueSql(lane), [msOf(now), limit]).map((row) => {
    const firstTriedAt = instantOrNullIn(row, 'first_tried_at') ?? now
    const [id, seq, n] = [integerIn(row, 'actor_id'), integerIn(row, 'seq'), integerIn(row, 'n')]
    const entry = entryOf(id, seq)
    database.run(
      `UPDATE effects SET due_at = ?, held = 1, tries = tries + 1, first_tried_at = ?
       WHERE actor_id = ? AND seq = ? AND n = ?`,
      [msOf(leaseEndsAt), msOf(firstTriedAt), id, seq, n],
    )
    return {
      actor: entry.actor,
      seq: entry.seq,
      effect: effectIn(entry, n),
      correlationId: entry.envelope.correlationId,
      occurredAt: entry.envelope.occurredAt,
      tries: integerIn(row, 'tries'),
      attempt: integerIn(row, 'attempt'),
      firstTriedAt,
      leaseEndsAt,
      ...retriedIn(row),
    }
  })
}

export function nextClaimAt(database: Database): Instant | null {
  const dueAt = 'SELECT min(due_at) AS due_at FROM effects WHERE due_at IS NOT NULL AND lane ='
  const earliest = database
    .all(`${dueAt} 0 UNION ALL ${dueAt} 1`)
    .flatMap((row) => (row['due_at'] === null ? [] : [integerIn(row, 'due_at')]))
  return earliest.length === 0 ? null : instant(Math.min(...earliest))
}
