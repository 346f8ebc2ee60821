import { commitOf } from '../actors/journal/commit-of.ts'
import type { Entry, ViewRow } from '../actors/journal/journal.ts'
import type { Store } from '../actors/ports.ts'
import { TargetNotEmpty } from './errors.ts'
import type { EntryRecord, Transfer, WrittenRecord } from './transfer.ts'

/** A store with the way to read and write it whole. */
export interface Transferable {
  readonly store: Store
  readonly transfer: Transfer
}

export interface CopyProgress {
  readonly entries: number
  readonly parked: number
  readonly requests: number
}

export interface CopyOptions {
  readonly from: Transferable
  readonly to: Transferable
  readonly project: (entry: Entry) => readonly ViewRow[]
  readonly progress: (copied: CopyProgress) => void
}

/**
 * Copies the journal with the delivery of its effects, what is parked and the keyed requests, then
 * writes heads, timers and views in the target. Nothing may write to either meanwhile. Throws
 * `TargetNotEmpty`; a copy that breaks off leaves a target to throw away.
 */
export async function copyStore({
  from,
  to,
  project,
  progress,
}: CopyOptions): Promise<CopyProgress> {
  if (!(await to.transfer.isEmpty())) {
    throw new TargetNotEmpty(
      'the store to copy into holds something already: name an empty database or file, or remove this one',
    )
  }
  let copied: CopyProgress = { entries: 0, parked: 0, requests: 0 }
  const add = (more: Partial<CopyProgress>) => {
    copied = {
      entries: copied.entries + (more.entries ?? 0),
      parked: copied.parked + (more.parked ?? 0),
      requests: copied.requests + (more.requests ?? 0),
    }
    progress(copied)
  }
  const written = createWritten()
  for await (const records of from.transfer.readEntries()) {
    await to.transfer.writeEntries(records.map(written))
    const parked = records.flatMap(({ deliveries }) =>
      deliveries.filter(({ parkedOrder }) => parkedOrder !== null),
    )
    add({ entries: records.length, parked: parked.length })
  }
  for await (const records of from.transfer.readParked()) {
    await to.transfer.writeParked(records)
    add({ parked: records.length })
  }
  for await (const records of from.transfer.readRequests()) {
    await to.transfer.writeRequests(records)
    add({ requests: records.length })
  }
  await to.store.rebuild(project, () => {})
  return copied
}

/** Records come by actor and seq, so that each is written as what changed since the one before. */
function createWritten() {
  let last: Entry | null = null
  return (record: EntryRecord): WrittenRecord => {
    const { entry } = record
    const before = last?.actor === entry.actor ? { entry: last, rows: [] } : null
    last = entry
    return { ...record, change: commitOf(before, { entry, rows: [] }).change }
  }
}
