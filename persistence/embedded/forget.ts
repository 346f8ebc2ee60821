import { type Instant, msOf } from '../../values/instant.ts'
import { integerIn, textIn } from './columns.ts'
import type { Database } from './driver.ts'

const typeForm = /^[a-z_]{1,32}$/

const tables = ['entries', 'results', 'timers', 'view_rows'].map(
  (table) => `DELETE FROM ${table} WHERE actor_id = ?`,
)

/**
 * Within the caller's transaction. What is parked waits for a person: its actor stays. The index is made for
 * types that are forgotten, so that no other pays for it.
 */
export function forgetActors(
  database: Database,
  { type, before, limit }: { type: string; before: Instant; limit: number },
): number {
  if (!typeForm.test(type)) return 0
  // Of this type: '0' comes after '/'.
  const ofType = `ref > '${type}/' AND ref < '${type}0'`
  database.exec(
    `CREATE INDEX IF NOT EXISTS actors_forget_${type} ON actors (committed_at) WHERE ${ofType}`,
  )
  const rows = database.all(
    `SELECT id, ref FROM actors WHERE ${ofType} AND committed_at < ?
       AND NOT EXISTS (SELECT 1 FROM effects WHERE actor_id = actors.id)
       AND NOT EXISTS (SELECT 1 FROM parked WHERE actor = actors.ref AND kind = 'envelope')
     ORDER BY committed_at, id LIMIT ?`,
    [msOf(before), limit],
  )
  for (const row of rows) {
    const id = integerIn(row, 'id')
    for (const sql of tables) database.run(sql, [id])
    database.run('DELETE FROM actors WHERE ref = ?', [textIn(row, 'ref')])
  }
  return rows.length
}
