import type { Entry } from '../../actors/journal.ts'
import { laneOf } from '../../actors/lanes.ts'
import { jsonText, readObject } from '../stored-json.ts'
import type {
  DeliveryRecord,
  EntryRecord,
  ParkedRecord,
  RequestRecord,
  Transfer,
} from '../transfer.ts'
import { effectIdIn, instantIn, instantOrNullIn, integerIn, textIn } from './columns.ts'
import type { Bind, Database, Row } from './driver.ts'
import { insertEntry } from './journal.ts'
import { parkedIn } from './parked.ts'
import { entriesOf } from './rebuild.ts'

const batchRows = 500

export function createTransfer(database: Database): Transfer {
  const writeAll = <T>(records: readonly T[], write: (record: T) => void) =>
    database.transaction(() => records.forEach(write))
  return {
    async isEmpty() {
      const tables = ['entries', 'parked', 'requests']
      return tables.every((table) => !database.get(`SELECT 1 FROM ${table} LIMIT 1`))
    },
    async *readEntries() {
      for (const entries of entriesOf(database)) {
        yield entries.map((entry) => ({ entry, deliveries: deliveriesOf(database, entry) }))
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
      writeAll(records, (record) => writeEntry(database, record))
    },
    async writeParked(records) {
      writeAll(records, (record) => writeParked(database, record))
    },
    async writeRequests(records) {
      writeAll(records, ({ key, bodyHash, beganAt, answer }) => {
        database.run('INSERT INTO requests VALUES (?, ?, ?, ?)', [
          key,
          bodyHash,
          beganAt,
          answer && jsonText(answer),
        ])
      })
    },
  }
}

interface Paging<Key extends Bind> {
  /** Takes the key to begin after, and the limit. */
  readonly sql: string
  readonly first: Key
  readonly keyOf: (row: Row) => Key
}

function* pagesOf<Key extends Bind>(database: Database, { sql, first, keyOf }: Paging<Key>) {
  for (let after = first; ;) {
    const rows = database.all(sql, [after, batchRows])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    after = keyOf(last)
  }
}

function deliveriesOf(database: Database, { effects }: Entry): DeliveryRecord[] {
  return effects.flatMap(({ id }) => {
    const row = database.get(
      `SELECT e.*, p.place AS parked_order, p.id AS parked_id, p.document
       FROM effects e LEFT JOIN parked p ON p.id = e.id WHERE e.id = ?`,
      [id],
    )
    return row ? [deliveryIn(row)] : []
  })
}

function deliveryIn(row: Row): DeliveryRecord {
  const isParked = row['due_at'] === null
  return {
    id: effectIdIn(row),
    tries: integerIn(row, 'tries'),
    attempt: integerIn(row, 'attempt'),
    firstTriedAt: instantOrNullIn(row, 'first_tried_at'),
    error: row['last_error'] === null ? null : textIn(row, 'last_error'),
    at: isParked ? parkedIn(row).parkedAt : instantIn(row, 'due_at'),
    parkedOrder: isParked ? integerIn(row, 'parked_order') : null,
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

function writeEntry(database: Database, { entry, deliveries }: EntryRecord): void {
  insertEntry(database, entry)
  const { actor, seq, effects } = entry
  for (const record of deliveries) {
    const { id, tries, attempt, firstTriedAt, error, at, parkedOrder } = record
    const place = effects.findIndex((effect) => effect.id === id)
    const effect = effects[place]
    if (effect === undefined) throw new RangeError(`${actor}#${seq} has no effect ${id}`)
    database.run('INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
      id,
      actor,
      seq,
      place,
      parkedOrder === null ? at : null,
      tries,
      attempt,
      firstTriedAt,
      error,
      laneOf(effect),
    ])
    if (parkedOrder === null) continue
    const item = { id, kind: 'effect', actor, error: error ?? '', parkedAt: at } as const
    writeParked(database, { order: parkedOrder, item: { ...item, effect, envelope: null } })
  }
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
