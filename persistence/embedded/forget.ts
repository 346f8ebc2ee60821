import { type Instant, msOf } from '../../values/instant.ts'
import { integerIn } from './columns.ts'
import type { Database } from './driver.ts'

const typeForm = /^[a-z_]{1,32}$/

const tables = ['entries', 'results', 'timers'].map(
  (table) => `DELETE FROM ${table} WHERE actor_id = ?`,
)

/**
 * Within the caller's transaction. What is parked waits for a person: its actor stays. The indexes
 * are made when something is forgotten, so that no other commit pays for them.
 */
export function forgetActors(
  database: Database,
  { type, before, limit }: { type: string; before: Instant; limit: number },
): number {
  if (!typeForm.test(type)) return 0
  // Of this type: '0' comes after '/'.
  const ofType = `ref > '${type}/' AND ref < '${type}0'`
  const index = `actors_forget_${type}`
  database.exec(`CREATE INDEX IF NOT EXISTS ${index} ON actors (committed_at) WHERE ${ofType}`)
  const rows = database.all(
    `SELECT id, has_rows FROM actors INDEXED BY ${index} WHERE ${ofType} AND committed_at < ?
       AND NOT EXISTS (SELECT 1 FROM effects WHERE actor_id = actors.id)
       AND NOT EXISTS (SELECT 1 FROM parked WHERE actor = actors.ref AND kind = 'envelope')
     ORDER BY committed_at, id LIMIT ?`,
    [msOf(before), limit],
  )
  for (const row of rows) forgetActor(database, integerIn(row, 'id'), row['has_rows'] === 1)
  return rows.length
}

function forgetActor(database: Database, id: number, hasRows: boolean): void {
  for (const sql of tables) database.run(sql, [id])
  if (hasRows) {
    database.exec('CREATE INDEX IF NOT EXISTS view_rows_actor ON view_rows (actor_id)')
    database.run('DELETE FROM view_rows WHERE actor_id = ?', [id])
  }
  database.run('DELETE FROM actors WHERE id = ?', [id])
}
