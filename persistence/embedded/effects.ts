import type { Effect, Entry } from '../../actors/journal.ts'
import { laneOf } from '../../actors/lanes.ts'
import type { ClaimedEffect, EffectStanding, Lease, Settlement } from '../../actors/ports.ts'
import type { ActorRef, EffectId } from '../../values/ids.ts'
import { type Instant, instant, msOf, plusMs } from '../../values/instant.ts'
import { UnreadableDocument } from '../errors.ts'
import { jsonText, readObject } from '../stored-json.ts'
import { actorId } from './actors.ts'
import { actorIn, instantIn, instantOrNullIn, integerIn, textOrNullIn } from './columns.ts'
import { keptIn } from './document.ts'
import type { Bind, Database, Row } from './driver.ts'
import { type EffectKey, effectIdOf, effectKeyOf } from './effect-key.ts'
import { storedIn } from './journal.ts'
import { listParked, unlistParked } from './parked.ts'

type EntryInFile = Omit<Entry, 'snapshot'>

/** Within the transaction that writes the entry: claimable (P6), or claimed where there is a lease. */
export function openEffects(
  database: Database,
  id: number,
  { seq, effects, committedAt }: EntryInFile,
  lease: Lease | null,
): void {
  for (const effect of effects) {
    const key = effectKeyOf(effect.id)
    if (key === null) throw new RangeError(`${effect.id} is no id of an effect`)
    database.run('INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, NULL)', [
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
  return laneOf(effect) === 'own' ? 0 : 1
}

/** Frees what a process held that is gone: the one that opens the file is the only one. */
export function freeHeld(database: Database): void {
  database.run(
    `UPDATE effects SET held = 0, due_at = (
       SELECT committed_at FROM entries j WHERE j.actor_id = effects.actor_id AND j.seq = effects.seq
     ) WHERE held = 1`,
  )
}

export interface Claim {
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
  /** Undefined for any. */
  readonly lane: 'own' | undefined
}

const byDue = 'ORDER BY due_at, actor_id, seq, n LIMIT ?2'
const dueIn = (lane: 0 | 1) => `
  SELECT actor_id, seq, n, due_at, tries, attempt, first_tried_at FROM effects
  WHERE lane = ${lane} AND due_at <= ?1 ${byDue}`
const dueOwn = dueIn(0)
const dueAny = `SELECT * FROM (${dueIn(0)}) UNION ALL SELECT * FROM (${dueIn(1)}) ${byDue}`

function dueSql(lane: Claim['lane']): string {
  return lane === 'own' ? dueOwn : dueAny
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
  const entryOf = createEntries(database)
  return database.all(dueSql(lane), [msOf(now), limit]).map((row) => {
    const firstTriedAt = instantOrNullIn(row, 'first_tried_at') ?? now
    const key: readonly Bind[] = [integerIn(row, 'actor_id'), integerIn(row, 'seq')]
    const n = integerIn(row, 'n')
    const entry = entryOf(integerIn(row, 'actor_id'), integerIn(row, 'seq'))
    database.run(
      `UPDATE effects SET due_at = ?, held = 1, tries = tries + 1, first_tried_at = ?
       WHERE actor_id = ? AND seq = ? AND n = ?`,
      [msOf(leaseEndsAt), msOf(firstTriedAt), ...key, n],
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
    }
  })
}

/** Reads each entry once, however many of its effects are asked for. */
function createEntries(database: Database): (id: number, seq: number) => EntryInFile {
  const read = new Map<string, EntryInFile>()
  return (id, seq) => {
    const known = read.get(`${id}#${seq}`)
    if (known) return known
    const row = database.get(
      `SELECT a.ref, j.seq, j.committed_at, j.document
       FROM entries j JOIN actors a ON a.id = j.actor_id WHERE j.actor_id = ? AND j.seq = ?`,
      [id, seq],
    )
    if (row === undefined) throw new UnreadableDocument(`the entry ${seq} of the actor no. ${id}`)
    const { entry } = keptIn(storedIn(row, actorIn(row)))
    read.set(`${id}#${seq}`, entry)
    return entry
  }
}

function effectIn({ actor, seq, effects }: EntryInFile, n: number): Effect {
  const id = effectIdOf({ ref: actor, seq, n })
  const effect = effects.find((one) => one.id === id)
  if (effect === undefined) throw new UnreadableDocument(`the entry of the effect ${id}`)
  return effect
}

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
        `UPDATE effects SET due_at = ?, held = 0, tries = ?, attempt = ?, first_tried_at = ?, last_error = ?
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

/** An effect that is done or unknown is not parked; one that is parked is parked again only if `again`. */
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
  const row = database.get(`SELECT actor_id, due_at FROM effects WHERE ${one}`, [ref, seq, n])
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
    effect: effectIn(createEntries(database)(integerIn(row, 'actor_id'), seq), n),
    envelope: null,
  })
}

/** Makes a parked effect claimable, within the caller's transaction. */
export function unparkEffect(database: Database, id: EffectId, at: Instant): void {
  const key = effectKeyOf(id)
  if (key === null) return
  database.run(`UPDATE effects SET due_at = ?, held = 0, tries = 1 WHERE ${one}`, [
    msOf(at),
    key.ref,
    key.seq,
    key.n,
  ])
}

export function nextClaimAt(database: Database): Instant | null {
  const dueAt = 'SELECT min(due_at) AS due_at FROM effects WHERE due_at IS NOT NULL AND lane ='
  const earliest = database
    .all(`${dueAt} 0 UNION ALL ${dueAt} 1`)
    .flatMap((row) => (row['due_at'] === null ? [] : [integerIn(row, 'due_at')]))
  return earliest.length === 0 ? null : instant(Math.min(...earliest))
}

export function effectsOf(database: Database, ref: ActorRef, seq: number): EffectStanding[] {
  const id = actorId(database, ref)
  if (id === null || !Number.isSafeInteger(seq)) return []
  const sql = 'SELECT seq, committed_at, document FROM entries WHERE actor_id = ? AND seq = ?'
  const row = database.get(sql, [id, seq])
  if (row === undefined) return []
  const standings = new Map(
    database
      .all('SELECT n, due_at, last_error FROM effects WHERE actor_id = ? AND seq = ?', [id, seq])
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

export function resultIn(id: EffectId, text: unknown) {
  return readObject(text, () => `the result of the effect ${id}`)
}

function standingIn(id: EffectId, open: Row): EffectStanding {
  const dueAt = open['due_at'] === null ? null : instantIn(open, 'due_at')
  const standing = dueAt === null ? 'parked' : 'open'
  return { id, standing, result: null, lastError: textOrNullIn(open, 'last_error'), dueAt }
}
