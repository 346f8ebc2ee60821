import type { ArmedTimer } from '../../actors/journal/journal.ts'
import type { DueTimer } from '../../actors/ports.ts'
import { type Instant, msOf } from '../../values/instant.ts'
import { actorIn, instantIn, instantOrNullIn, textIn } from './columns.ts'
import type { Database } from './driver.ts'

/** Replaces the actor's timers by those of its newest snapshot, within the caller's transaction. */
export function writeTimers(
  database: Database,
  id: number,
  timers: readonly ArmedTimer[],
  { isFirst }: { readonly isFirst: boolean },
): void {
  if (!isFirst) database.run('DELETE FROM timers WHERE actor_id = ?', [id])
  for (const { name, instance, dueAt } of timers) {
    database.run('INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)', [
      id,
      name,
      instance,
      msOf(dueAt),
    ])
  }
}

export function createTimers(database: Database) {
  return {
    dueTimers(now: Instant, limit: number): DueTimer[] {
      const rows = database.all(
        `SELECT a.ref, t.name, t.due_at, t.instance
         FROM timers t JOIN actors a ON a.id = t.actor_id
         WHERE t.due_at <= ? ORDER BY t.due_at, t.actor_id, t.name, t.instance LIMIT ?`,
        [msOf(now), limit],
      )
      return rows.map((row) => ({
        actor: actorIn(row),
        name: textIn(row, 'name'),
        dueAt: instantIn(row, 'due_at'),
        instance: textIn(row, 'instance'),
      }))
    },
    nextTimerAt(): Instant | null {
      const row = database.get('SELECT min(due_at) AS due_at FROM timers')
      return row ? instantOrNullIn(row, 'due_at') : null
    },
    armedTimerNames(): string[] {
      const rows = database.all('SELECT DISTINCT name FROM timers ORDER BY name')
      return rows.map((row) => textIn(row, 'name'))
    },
  }
}
