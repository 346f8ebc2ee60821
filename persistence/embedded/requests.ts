import type { KeyedRequest } from '../../actors/ports.ts'
import { type Instant, msOf } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { checkText } from '../checked.ts'
import { jsonText, readObject } from '../stored-json.ts'
import { integerIn } from './columns.ts'
import type { Database } from './driver.ts'

export interface BeginInput {
  readonly key: string
  readonly bodyHash: string
  readonly now: Instant
  readonly leaseMs: number
}

/** Within the caller's transaction, as all of these. */
export function beginRequest(database: Database, beginning: BeginInput): KeyedRequest {
  const { key, bodyHash, now, leaseMs } = beginning
  checkText(key, "the request's key")
  const row = database.get('SELECT * FROM requests WHERE key = ?', [key])
  if (row === undefined) {
    database.run('INSERT INTO requests VALUES (?, ?, ?, NULL)', [key, bodyHash, msOf(now)])
    return { outcome: 'begun' }
  }
  if (row['body_hash'] !== bodyHash) return { outcome: 'other_body' }
  if (row['answer'] !== null) {
    const answer = readObject(row['answer'], () => `the answer to the request ${key}`)
    return { outcome: 'answered', answer }
  }
  // Neither over its lease, nor begun by a clock that was ahead.
  if (Math.abs(msOf(now) - integerIn(row, 'began_at')) <= leaseMs) return { outcome: 'running' }
  database.run('UPDATE requests SET began_at = ? WHERE key = ?', [msOf(now), key])
  return { outcome: 'begun' }
}

export function finishRequest(database: Database, key: string, answer: JsonObject): void {
  database.run('UPDATE requests SET answer = ? WHERE key = ?', [jsonText(answer), key])
}

export function forgetRequest(database: Database, key: string): void {
  database.run('DELETE FROM requests WHERE key = ? AND answer IS NULL', [key])
}

export function expireRequests(database: Database, before: Instant): void {
  database.run('DELETE FROM requests WHERE answer IS NOT NULL AND began_at < ?', [msOf(before)])
}
