import type { Delta } from '../../values/delta.ts'
import type { ActorRef, EffectId } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import type { Envelope } from './envelope.ts'

/** A timer that a chart's `after` has set and not yet cancelled. */
export interface ArmedTimer {
  /**
   * XState's event name, `xstate.after.<delay>.<machine>.<state path>`: stored data, never renamed.
   */
  readonly name: string
  readonly dueAt: Instant
  /** The entry that set it, `<actor>#<seq>`. A timer acts for this entry alone (promise A7). */
  readonly instance: string
}

/** An actor's state as it is stored: XState's persisted snapshot, with what XState leaves out. */
export interface Snapshot {
  /** The actor's type, which names its chart. */
  readonly chart: string
  /** The chart's version when this was written; older ones pass through the chart's migrations. */
  readonly version: number
  /** XState's persisted snapshot: value, context, status, history. */
  readonly state: JsonObject
  readonly timers: readonly ArmedTimer[]
}

/**
 * Something that a chart asked for, as data: performed after the commit, at least once, by `kind`.
 */
export type Effect = JsonObject & { readonly id: EffectId; readonly kind: string }

/**
 * One event and all that followed from it: the unit of truth. Never changed once it is written.
 * `(actor, seq)` and `(actor, envelope.id)` are both unique.
 */
export interface Entry {
  readonly actor: ActorRef
  /** From 1, without gaps. */
  readonly seq: number
  readonly envelope: Envelope
  readonly snapshot: Snapshot
  readonly effects: readonly Effect[]
  /** False for a request that changed nothing; such an observation is not journaled (A6). */
  readonly changed: boolean
  readonly committedAt: Instant
}

/**
 * One row of a view, computed from an entry and owned by its actor. A `latest` row is replaced by a
 * later entry of the same actor, and goes when a later entry no longer yields its key; an `append`
 * row stays for ever.
 */
export interface ViewRow {
  readonly view: string
  /** Unique in the view. Rows are listed in the order of their keys, compared as UTF-8 bytes. */
  readonly key: string
  readonly keep: 'latest' | 'append'
  readonly value: JsonObject
}

export interface RowKey {
  readonly view: string
  readonly key: string
}

/** What an entry changes in the views, beside what its actor's entry before has left there. */
export interface RowChanges {
  /** New `append` rows, and `latest` rows that are new or have another value. */
  readonly put: readonly ViewRow[]
  /** `latest` rows of the entry before that this one does not yield. */
  readonly gone: readonly RowKey[]
}

/**
 * How a snapshot differs from the one of its actor's entry before; a member that is absent is the
 * same.
 */
export interface SnapshotChange {
  readonly version?: number
  readonly timers?: readonly ArmedTimer[]
  readonly state?: Delta
}

/** What is written at once: an entry and the view rows that follow from it. */
export interface Commit {
  readonly entry: Entry
  /**
   * What the store keeps in place of the entry's snapshot; null where it keeps the whole one. An
   * entry costs what changed, and a past state is one short range read away: `baseSeq` says where
   * that begins.
   */
  readonly change: SnapshotChange | null
  readonly rows: RowChanges
}

/** Every so many entries an actor's snapshot is kept whole. Stored journals depend on it. */
export const wholeEvery = 16

/** The newest seq, up to this one, whose entry keeps its whole snapshot. */
export function baseSeq(seq: number): number {
  return seq - ((seq - 1) % wholeEvery)
}
