import type { Effect, Entry } from '../../actors/journal.ts'
import { laneOf } from '../../actors/lanes.ts'
import type { ClaimedEffect, Settlement } from '../../actors/ports.ts'
import type { EffectId } from '../../values/ids.ts'
import { type Instant, plusMs } from '../../values/instant.ts'
import { UnreadableDocument } from '../errors.ts'
import { readEntry } from '../stored-json.ts'
import { actorIn, effectIdIn, instantIn, instantOrNullIn, integerIn } from './columns.ts'
import type { Database, Row } from './driver.ts'
import { listParked, unlistParked } from './parked.ts'

/** Makes the entry's effects claimable, within the transaction that writes the entry (P6). */
export function openEffects(database: Database, { actor, seq, effects, committedAt }: Entry): void {
  for (const [place, effect] of effects.entries()) {
    database.run('INSERT INTO effects VALUES (?, ?, ?, ?, ?, 0, 1, NULL, NULL, ?)', [
      effect.id,
      actor,
      seq,
      place,
      committedAt,
      laneOf(effect),
    ])
  }
}

// The lane is a literal, for its index holds nothing else.
const claimable = (lane: Claim['lane']) => `
  SELECT e.id, e.actor, e.seq, e.place, e.tries, e.attempt, e.first_tried_at, j.document
  FROM effects e JOIN entries j ON j.actor = e.actor AND j.seq = e.seq
  WHERE e.due_at <= ? ${lane === 'own' ? "AND e.lane = 'own'" : ''} ORDER BY e.due_at, e.actor, e.seq, e.place LIMIT ?`

export interface Claim {
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
  /** Undefined for any. */
  readonly lane: 'own' | undefined
}

/** Claims within the caller's transaction. */
export function claimEffects(
  database: Database,
  { now, limit, leaseMs, lane }: Claim,
): ClaimedEffect[] {
  const leaseEndsAt = plusMs(now, leaseMs)
  return database.all(claimable(lane), [now, limit]).map((row) => {
    const firstTriedAt = instantOrNullIn(row, 'first_tried_at') ?? now
    const id = effectIdIn(row)
    const { effect, entry } = effectIn(row)
    database.run(
      'UPDATE effects SET due_at = ?, tries = tries + 1, first_tried_at = ? WHERE id = ?',
      [leaseEndsAt, firstTriedAt, id],
    )
    return {
      actor: actorIn(row),
      seq: integerIn(row, 'seq'),
      effect,
      correlationId: entry.envelope.correlationId,
      occurredAt: entry.envelope.occurredAt,
      tries: integerIn(row, 'tries'),
      attempt: integerIn(row, 'attempt'),
      firstTriedAt,
      leaseEndsAt,
    }
  })
}

function effectIn(row: Row): { effect: Effect; entry: Entry } {
  const what = () => `the entry of the effect ${String(row['id'])}`
  const entry = readEntry(row['document'], what)
  const effect = entry.effects[integerIn(row, 'place')]
  if (effect === undefined) throw new UnreadableDocument(what())
  return { effect, entry }
}

/** Settles within the caller's transaction. */
export function settleEffects(database: Database, settlements: readonly Settlement[]): void {
  for (const settlement of settlements) settleOne(database, settlement)
}

function settleOne(database: Database, settlement: Settlement): void {
  switch (settlement.outcome) {
    case 'done':
      database.run('DELETE FROM effects WHERE id = ?', [settlement.id])
      unlistParked(database, settlement.id)
      return
    case 'retry':
      database.run(
        `UPDATE effects SET due_at = ?, tries = ?, attempt = ?, first_tried_at = ?, last_error = ?
         WHERE id = ? AND due_at IS NOT NULL`,
        [
          settlement.at,
          settlement.tries,
          settlement.attempt,
          settlement.firstTriedAt,
          settlement.error,
          settlement.id,
        ],
      )
      return
    case 'parked':
      parkEffect(database, { ...settlement, again: false })
  }
}

/** An effect that is done or unknown is not parked; one that is parked is parked anew only if `again`. */
export function parkEffect(
  database: Database,
  parking: {
    readonly id: EffectId
    readonly at: Instant
    readonly error: string
    readonly again: boolean
  },
): void {
  const row = database.get(
    `SELECT e.id, e.actor, e.place, e.due_at, j.document
     FROM effects e JOIN entries j ON j.actor = e.actor AND j.seq = e.seq WHERE e.id = ?`,
    [parking.id],
  )
  if (row === undefined || (row['due_at'] === null && !parking.again)) return
  database.run('UPDATE effects SET due_at = NULL, last_error = ? WHERE id = ?', [
    parking.error,
    parking.id,
  ])
  listParked(database, {
    id: parking.id,
    kind: 'effect',
    actor: actorIn(row),
    error: parking.error,
    parkedAt: parking.at,
    effect: effectIn(row).effect,
    envelope: null,
  })
}

export function nextClaimAt(database: Database): Instant | null {
  const row = database.get(
    'SELECT due_at FROM effects WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1',
  )
  return row ? instantIn(row, 'due_at') : null
}
