import type { Retries } from '../../../actors/delivery/retries.ts'
import type { Settlement } from '../../../actors/ports.ts'
import type { EffectId } from '../../../values/ids.ts'
import { type Instant, msOf } from '../../../values/instant.ts'
import { jsonText } from '../../stored-json.ts'
import { integerIn } from '../columns.ts'
import type { Database } from '../driver.ts'
import { listParked, unlistParked } from '../parked.ts'
import { type EffectKey, effectKeyOf } from './effect-key.ts'
import { retriedIn } from './retries.ts'
import { createSources, effectIn } from './source.ts'

/** Settles within the caller's transaction. */
export function settleEffects(database: Database, settlements: readonly Settlement[]): void {
  for (const settlement of settlements) settleOne(database, settlement)
}

const one = 'actor_id = (SELECT id FROM actors WHERE ref = ?) AND seq = ? AND n = ?'

function settleOne(database: Database, settlement: Settlement): void {
  const key = effectKeyOf(settlement.id)
  if (key === null) return
  const { ref, seq, n } = key
  switch (settlement.outcome) {
    case 'done': {
      const done = database.run(`DELETE FROM effects WHERE ${one}`, [ref, seq, n])
      if (done.changes === 0) return
      unlistParked(database, settlement.id)
      if (settlement.result) writeResult(database, key, jsonText(settlement.result))
      return
    }
    case 'retry': {
      const { at, tries, attempt, firstTriedAt, error } = settlement
      database.run(
        `UPDATE effects SET
           due_at = ?, held = 0, tries = ?, attempt = ?, first_tried_at = ?, last_error = ?
         WHERE due_at IS NOT NULL AND ${one}`,
        [msOf(at), tries, attempt, firstTriedAt && msOf(firstTriedAt), error, ref, seq, n],
      )
      return
    }
    case 'parked':
      parkEffect(database, { ...settlement, again: false })
  }
}

export function writeResult(database: Database, { ref, seq, n }: EffectKey, result: string): void {
  database.run(
    `INSERT OR REPLACE INTO results (actor_id, seq, n, result)
     SELECT id, ?, ?, ? FROM actors WHERE ref = ?`,
    [seq, n, result, ref],
  )
}

/** One that is done or unknown is not parked; one that is parked, only if `again`. */
export function parkEffect(
  database: Database,
  parking: {
    readonly id: EffectId
    readonly at: Instant
    readonly error: string
    readonly again: boolean
  },
): void {
  const key = effectKeyOf(parking.id)
  if (key === null) return
  const { ref, seq, n } = key
  const row = database.get(`SELECT actor_id, due_at, retried FROM effects WHERE ${one}`, [
    ref,
    seq,
    n,
  ])
  if (row === undefined || (row['due_at'] === null && !parking.again)) return
  database.run(`UPDATE effects SET due_at = NULL, held = 0, last_error = ? WHERE ${one}`, [
    parking.error,
    ref,
    seq,
    n,
  ])
  listParked(database, {
    id: parking.id,
    kind: 'effect',
    actor: ref,
    error: parking.error,
    parkedAt: parking.at,
    effect: effectIn(createSources(database)(integerIn(row, 'actor_id'), seq), n),
    envelope: null,
    ...retriedIn(row),
  })
}

/** Makes a parked effect claimable, within the caller's transaction. */
export function unparkEffect(
  database: Database,
  id: EffectId,
  { at, by }: Pick<Retries, 'at' | 'by'>,
): void {
  const key = effectKeyOf(id)
  if (key === null) return
  database.run(
    `UPDATE effects SET due_at = ?, held = 0, tries = 1, retried = json_object(
       'times', coalesce(retried ->> '$.times', 0) + 1, 'at', ?, 'by', ?
     ) WHERE ${one}`,
    [msOf(at), at, by, key.ref, key.seq, key.n],
  )
}
