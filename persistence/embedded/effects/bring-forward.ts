import { type Instant, msOf } from '../../../values/instant.ts'
import type { Database } from '../driver.ts'

/** Within the caller's transaction, as `Store.bringForward`. */
export function bringForward(database: Database, now: Instant, aheadMs: number): number {
  const nowMs = msOf(now)
  const { changes } = database.run(
    `UPDATE effects SET due_at = ?1, held = 0, first_tried_at = MIN(first_tried_at, ?1)
     WHERE lane IN (0, 1) AND due_at > ?2`,
    [nowMs, nowMs + aheadMs],
  )
  return changes
}
