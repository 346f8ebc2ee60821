import type { ArmedTimer } from '../../actors/journal.ts'
import type { DueTimer } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { actorIn, instantIn, textIn } from './columns.ts'
import type { Database } from './driver.ts'

/** Replaces the actor's timers by those of its newest snapshot, within the caller's transaction. */
export function writeTimers(
  database: Database,
  actor: ActorRef,
  timers: readonly ArmedTimer[],
): void {
  database.run('DELETE FROM timers WHERE actor = ?', [actor])
  for (const { name, instance, dueAt } of timers) {
    database.run('INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)', [
      actor,
      name,
      instance,
      dueAt,
    ])
  }
}

export function createTimers(database: Database) {
  return {
    dueTimers(now: Instant, limit: number): DueTimer[] {
      const rows = database.all(
        'SELECT * FROM timers WHERE due_at <= ? ORDER BY due_at, actor, instance, name LIMIT ?',
        [now, limit],
      )
      return rows.map((row) => ({
        actor: actorIn(row),
        name: textIn(row, 'name'),
        dueAt: instantIn(row, 'due_at'),
        instance: textIn(row, 'instance'),
      }))
    },
    nextTimerAt(): Instant | null {
      const row = database.get('SELECT due_at FROM timers ORDER BY due_at LIMIT 1')
      return row ? instantIn(row, 'due_at') : null
    },
    armedTimerNames(): string[] {
      const rows = database.all('SELECT DISTINCT name FROM timers ORDER BY name')
      return rows.map((row) => textIn(row, 'name'))
    },
  }
}
