import { deltaOf } from '../../values/delta.ts'
import { sameJson } from '../../values/json.ts'
import {
  baseSeq,
  type ArmedTimer,
  type Commit,
  type Entry,
  type RowChanges,
  type Snapshot,
  type SnapshotChange,
  type ViewRow,
} from './journal.ts'

/** An entry with all the rows that follow from it. */
export interface Projected {
  readonly entry: Entry
  readonly rows: readonly ViewRow[]
}

/**
 * What is to be written of an entry, beside its actor's entry before; null for the actor's first.
 */
export function commitOf(before: Projected | null, { entry, rows }: Projected): Commit {
  const isDue = before === null || baseSeq(entry.seq) === entry.seq
  return {
    entry,
    change: isDue ? null : changeOf(before.entry.snapshot, entry.snapshot),
    rows: rowChanges(before?.rows ?? [], rows),
  }
}

/** Null where the difference would lose the order of members. */
function changeOf(before: Snapshot, after: Snapshot): SnapshotChange | null {
  const state = deltaOf(before.state, after.state)
  if (state === null) return null
  return {
    ...(before.version !== after.version && { version: after.version }),
    ...(!sameTimers(before.timers, after.timers) && { timers: after.timers }),
    ...((state.set !== undefined || state.unset !== undefined) && { state }),
  }
}

/** True if the same timers are armed, at the same time, by the same entries. */
export function sameTimers(a: readonly ArmedTimer[], b: readonly ArmedTimer[]): boolean {
  if (a === b) return true
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i]
      return (
        one.name === other?.name && one.instance === other.instance && one.dueAt === other.dueAt
      )
    })
  )
}

/** An `append` row that the entry before yields as well was written then, or earlier. */
export function rowChanges(before: readonly ViewRow[], after: readonly ViewRow[]): RowChanges {
  const known = new Map(before.map((row) => [rowId(row), row]))
  const yielded = new Set(after.map(rowId))
  return {
    put: after.filter((row) => {
      const last = known.get(rowId(row))
      if (last === undefined || last.keep !== row.keep) return true
      return row.keep === 'latest' && !sameJson(last.value, row.value)
    }),
    gone: before
      .filter((row) => row.keep === 'latest' && !yielded.has(rowId(row)))
      .map(({ view, key }) => ({ view, key })),
  }
}

function rowId({ view, key }: ViewRow): string {
  return `${view}/${key}`
}
