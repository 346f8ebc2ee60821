import type { EffectStanding } from '../../../actors/ports.ts'
import type { ActorRef, EffectId } from '../../../values/ids.ts'
import type { JsonObject } from '../../../values/json.ts'
import { readObject } from '../../stored-json.ts'
import { actorId } from '../actors.ts'
import { instantIn, integerIn, textOrNullIn } from '../columns.ts'
import { keptIn } from '../document.ts'
import type { Database, Row } from '../driver.ts'
import { storedIn } from '../journal.ts'
import { effectKeyOf } from './effect-key.ts'
import { retriedIn } from './retries.ts'

/** How the effects of an entry stand, in their order. */
export function effectsOf(database: Database, ref: ActorRef, seq: number): EffectStanding[] {
  const id = actorId(database, ref)
  if (id === null || !Number.isSafeInteger(seq)) return []
  const sql =
    'SELECT seq, committed_at, envelope_id, document FROM entries WHERE actor_id = ? AND seq = ?'
  const row = database.get(sql, [id, seq])
  if (row === undefined) return []
  const standings = new Map(
    database
      .all('SELECT n, due_at, last_error, retried FROM effects WHERE actor_id = ? AND seq = ?', [
        id,
        seq,
      ])
      .map((open) => [integerIn(open, 'n'), open]),
  )
  const results = new Map(
    database
      .all('SELECT n, result FROM results WHERE actor_id = ? AND seq = ?', [id, seq])
      .map((done) => [integerIn(done, 'n'), done['result']]),
  )
  return keptIn(storedIn(row, ref)).entry.effects.map((effect) => {
    const n = effectKeyOf(effect.id)?.n ?? -1
    const open = standings.get(n)
    if (open) return standingIn(effect.id, open)
    const result = results.get(n)
    return {
      id: effect.id,
      standing: 'done',
      result: result === undefined ? null : resultIn(effect.id, result),
      lastError: null,
      dueAt: null,
    }
  })
}

export function resultIn(id: EffectId, text: unknown): JsonObject {
  return readObject(text, () => `the result of the effect ${id}`)
}

function standingIn(id: EffectId, open: Row): EffectStanding {
  const dueAt = open['due_at'] === null ? null : instantIn(open, 'due_at')
  const standing = dueAt === null ? 'parked' : 'open'
  const lastError = textOrNullIn(open, 'last_error')
  return { id, standing, result: null, lastError, dueAt, ...retriedIn(open) }
}
