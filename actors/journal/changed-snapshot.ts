import { withDelta } from '../../values/delta.ts'
import type { Snapshot, SnapshotChange } from './journal.ts'

/**
 * The snapshot that a change makes of the one before: what `commitOf` took apart, for stores to put
 * together.
 */
export function changedSnapshot(before: Snapshot, change: SnapshotChange): Snapshot {
  return {
    chart: before.chart,
    version: change.version ?? before.version,
    state: change.state === undefined ? before.state : withDelta(before.state, change.state),
    timers: change.timers ?? before.timers,
  }
}
