import type { Effect } from '../../actors/journal/journal.ts'
import type { ActorRef, EffectId } from '../../values/ids.ts'
import { msOf } from '../../values/instant.ts'
import { jsonText, readObject } from '../stored-json.ts'
import type {
  DeliveryRecord,
  EntryRecord,
  ParkedRecord,
  RequestRecord,
  Transfer,
  WrittenRecord,
} from '../transfer.ts'
import { actorId } from './actors.ts'
import { insertEntry } from './append.ts'
import { instantIn, instantOrNullIn, integerIn, textIn, textOrNullIn } from './columns.ts'
import type { Bind, Database, Row } from './driver.ts'
import { laneNumber } from './effects/claims.ts'
import { effectIdOf, effectKeyOf } from './effects/effect-key.ts'
import { writeResult } from './effects/settlements.ts'
import { retriedIn } from './effects/retries.ts'
import { resultIn } from './effects/standings.ts'
import type { EmbeddedHome } from './home.ts'
import { parkedIn } from './parked.ts'
import { allEntries, type NumberedEntry } from './rebuild.ts'

const batchRows = 500

export function createTransfer(home: EmbeddedHome): Transfer {
  const { database } = home
  const writeAll = <T>(records: readonly T[], write: (record: T) => void) =>
    database.transaction(() => records.forEach(write))
  return {
    async isEmpty() {
      const tables = ['entries', 'parked', 'requests']
      return tables.every((table) => !database.get(`SELECT 1 FROM ${table} LIMIT 1`))
    },
    async *readEntries() {
      for (const numbered of allEntries(home)) {
        yield numbered.map((one) => recordOf(database, one))
      }
    },
    async *readParked() {
      const sql = `SELECT place, id, document FROM parked
        WHERE kind = 'envelope' AND place > ? ORDER BY place LIMIT ?`
      for (const rows of pagesOf(database, {
        sql,
        first: 0,
        keyOf: (row) => integerIn(row, 'place'),
      })) {
        yield rows.map((row) => ({ order: integerIn(row, 'place'), item: parkedIn(row) }))
      }
    },
    async *readRequests() {
      const sql = 'SELECT * FROM requests WHERE key > ? ORDER BY key LIMIT ?'
      for (const rows of pagesOf(database, {
        sql,
        first: '',
        keyOf: (row) => textIn(row, 'key'),
      })) {
        yield rows.map(requestIn)
      }
    },
    async writeEntries(records) {
      writeAll(records, (record) => writeEntry(home, record))
    },
    async writeParked(records) {
      writeAll(records, (record) => writeParked(database, record))
    },
    async writeRequests(records) {
      writeAll(records, ({ key, bodyHash, beganAt, answer }) => {
        database.run('INSERT INTO requests VALUES (?, ?, ?, ?)', [
          key,
          bodyHash,
          msOf(beganAt),
          answer && jsonText(answer),
        ])
      })
    },
  }
}

interface PageQuery<Key extends Bind> {
  /** Takes the key to begin after, and the limit. */
  readonly sql: string
  readonly first: Key
  readonly keyOf: (row: Row) => Key
}

function* pagesOf<Key extends Bind>(database: Database, { sql, first, keyOf }: PageQuery<Key>) {
  for (let after = first; ;) {
    const rows = database.all(sql, [after, batchRows])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    after = keyOf(last)
  }
}

function recordOf(database: Database, { id, entry }: NumberedEntry): EntryRecord {
  const { actor: ref, seq, effects } = entry
  if (effects.length === 0) return { entry, deliveries: [], results: [] }
  const open = database.all('SELECT * FROM effects WHERE actor_id = ? AND seq = ? ORDER BY n', [
    id,
    seq,
  ])
  const done = database.all(
    'SELECT n, result FROM results WHERE actor_id = ? AND seq = ? ORDER BY n',
    [id, seq],
  )
  return {
    entry,
    deliveries: open.map((row) =>
      deliveryIn(database, effectIdOf({ ref, seq, n: integerIn(row, 'n') }), row),
    ),
    results: done.map((row) => {
      const ofEffect = effectIdOf({ ref, seq, n: integerIn(row, 'n') })
      return { id: ofEffect, result: resultIn(ofEffect, row['result']) }
    }),
  }
}

function deliveryIn(database: Database, id: EffectId, row: Row): DeliveryRecord {
  const parked =
    row['due_at'] === null
      ? database.get('SELECT place, id, document FROM parked WHERE id = ?', [id])
      : undefined
  return {
    id,
    tries: integerIn(row, 'tries'),
    attempt: integerIn(row, 'attempt'),
    firstTriedAt: instantOrNullIn(row, 'first_tried_at'),
    error: textOrNullIn(row, 'last_error'),
    at: parked ? parkedIn(parked).parkedAt : instantIn(row, 'due_at'),
    parkedOrder: parked ? integerIn(parked, 'place') : null,
    ...retriedIn(row),
  }
}

function requestIn(row: Row): RequestRecord {
  const key = textIn(row, 'key')
  const answer = row['answer'] ?? null
  return {
    key,
    bodyHash: textIn(row, 'body_hash'),
    beganAt: instantIn(row, 'began_at'),
    answer: answer === null ? null : readObject(answer, () => `the answer to the request ${key}`),
  }
}

function writeEntry(home: EmbeddedHome, record: WrittenRecord): void {
  const { database } = home
  const { entry, deliveries, results } = record
  const { actor, seq, effects, committedAt } = entry
  database.run(
    `INSERT INTO actors (ref, seq, committed_at) VALUES (?, ?, ?)
     ON CONFLICT (ref) DO UPDATE SET seq = excluded.seq, committed_at = excluded.committed_at`,
    [actor, seq, msOf(committedAt)],
  )
  const id = actorId(database, actor)
  if (id === null || !insertEntry(home, id, record)) {
    throw new RangeError(`${actor}#${seq}: its envelope has been taken`)
  }
  for (const delivery of deliveries) {
    const effect = effects.find((one) => one.id === delivery.id)
    if (effect === undefined) throw new RangeError(`${actor}#${seq} has no effect ${delivery.id}`)
    writeDelivery(database, id, { actor, effect, delivery })
  }
  for (const { id: ofEffect, result } of results) {
    const key = effectKeyOf(ofEffect)
    if (key) writeResult(database, key, jsonText(result))
  }
}

interface EffectRecord {
  readonly actor: ActorRef
  readonly effect: Effect
  readonly delivery: DeliveryRecord
}

function writeDelivery(
  database: Database,
  actorNumber: number,
  { actor, effect, delivery }: EffectRecord,
): void {
  const { id, tries, attempt, firstTriedAt, error, at, parkedOrder, retried } = delivery
  const key = effectKeyOf(id)
  if (key === null) throw new RangeError(`${id} is no id of an effect`)
  database.run('INSERT INTO effects VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)', [
    actorNumber,
    key.seq,
    key.n,
    laneNumber(effect),
    parkedOrder === null ? msOf(at) : null,
    tries,
    attempt,
    firstTriedAt && msOf(firstTriedAt),
    error,
    retried === undefined ? null : jsonText(retried),
  ])
  if (parkedOrder === null) return
  const kept = { id, kind: 'effect', actor, error: error ?? '', parkedAt: at } as const
  const item = { ...kept, effect, envelope: null, ...(retried && { retried }) }
  writeParked(database, { order: parkedOrder, item })
}

function writeParked(database: Database, { order, item }: ParkedRecord): void {
  database.run('INSERT INTO parked (place, id, kind, actor, document) VALUES (?, ?, ?, ?, ?)', [
    order,
    item.id,
    item.kind,
    item.actor,
    jsonText(item),
  ])
}
