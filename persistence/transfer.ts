import type { Entry, SnapshotChange } from '../actors/journal/journal.ts'
import type { Retries } from '../actors/delivery/retries.ts'
import type { ParkedItem } from '../actors/ports.ts'
import type { EffectId } from '../values/ids.ts'
import type { Instant } from '../values/instant.ts'
import type { JsonObject } from '../values/json.ts'

/** What became of one effect that is not done. */
export interface DeliveryRecord {
  readonly id: EffectId
  readonly tries: number
  readonly attempt: number
  readonly firstTriedAt: Instant | null
  /** The last error, if there was one. */
  readonly error: string | null
  /** When it may be claimed, or when it was parked. */
  readonly at: Instant
  /** Its place among all that is parked; null while it is open. */
  readonly parkedOrder: number | null
  readonly retried?: Retries
}

export interface EntryRecord {
  readonly entry: Entry
  /** Of its effects those that are not done. */
  readonly deliveries: readonly DeliveryRecord[]
  /** Of its effects those that are done and said something. */
  readonly results: readonly ResultRecord[]
}

export interface ResultRecord {
  readonly id: EffectId
  readonly result: JsonObject
}

/**
 * As it is written: with what is kept in place of its snapshot, or null where that is kept whole.
 */
export interface WrittenRecord extends EntryRecord {
  readonly change: SnapshotChange | null
}

/** A parked envelope. */
export interface ParkedRecord {
  readonly order: number
  readonly item: ParkedItem
}

export interface RequestRecord {
  readonly key: string
  readonly bodyHash: string
  readonly beganAt: Instant
  /** Null while it runs. */
  readonly answer: JsonObject | null
}

/**
 * Reads all that a store holds, and writes it into an empty one, as it is: what follows from the
 * journal is left to `Store.rebuild`. Batches hold at most some hundred records.
 */
export interface Transfer {
  isEmpty(): Promise<boolean>
  /** By actor and seq. */
  readEntries(): AsyncIterable<readonly EntryRecord[]>
  readParked(): AsyncIterable<readonly ParkedRecord[]>
  readRequests(): AsyncIterable<readonly RequestRecord[]>
  writeEntries(records: readonly WrittenRecord[]): Promise<void>
  writeParked(records: readonly ParkedRecord[]): Promise<void>
  writeRequests(records: readonly RequestRecord[]): Promise<void>
}
