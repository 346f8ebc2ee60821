import { changedSnapshot } from '../../actors/changed-snapshot.ts'
import type { Commit, Effect, Entry, Snapshot, SnapshotChange } from '../../actors/journal.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { UnreadableDocument } from '../errors.ts'
import { isArmedTimer, isEffect, isEnvelope, readObject } from '../stored-json.ts'

// What an entry's document holds: all of it that the columns beside it don't say, and of its
// snapshot only what changed. Members that are usual are left out.

/** The columns of an entry, with its actor's name. */
export interface EntryColumns {
  readonly actor: ActorRef
  readonly seq: number
  readonly committedAt: Instant
  readonly document: unknown
}

/** The text to store in `entries.document`. */
export function documentOf({ entry, change }: Pick<Commit, 'entry' | 'change'>): string {
  const { to, ...envelope } = entry.envelope
  return JSON.stringify({
    envelope: to === entry.actor ? envelope : entry.envelope,
    ...(change === null ? { snapshot: entry.snapshot } : { change }),
    ...(entry.effects.length > 0 && { effects: entry.effects }),
    ...(!entry.changed && { changed: false }),
  })
}

/** An entry but for what its snapshot is built from. */
export interface StoredEntry {
  readonly entry: Omit<Entry, 'snapshot'>
  /** The whole snapshot, or how it differs from the one before. */
  readonly whole: Snapshot | null
  readonly change: SnapshotChange
}

/** Throws UnreadableDocument. We wrote it, so only its outline is checked. */
export function keptIn({ actor, seq, committedAt, document }: EntryColumns): StoredEntry {
  const what = () => `the entry ${actor}#${seq}`
  const fields = readObject(document, what)
  const { envelope: found, snapshot, change, effects = [], changed = true } = fields
  const envelope: unknown = isObject(found) ? { to: actor, ...found } : found
  const whole = isSnapshot(snapshot) ? snapshot : null
  const kept = isChange(change) ? change : null
  if (!isEnvelope(envelope) || (whole === null) === (kept === null)) {
    throw new UnreadableDocument(what())
  }
  if (!isEffects(effects) || typeof changed !== 'boolean') throw new UnreadableDocument(what())
  const entry = { actor, seq, envelope, effects, changed, committedAt }
  return { entry, whole, change: kept ?? {} }
}

/** The entry, beside the snapshot of its actor's entry before. */
export function entryAfter(before: Snapshot | null, { entry, whole, change }: StoredEntry): Entry {
  const { actor, seq, envelope, effects, changed, committedAt } = entry
  const snapshot = whole ?? (before && changedSnapshot(before, change))
  if (snapshot === null) {
    throw new UnreadableDocument(`the entry ${actor}#${seq}, for none before it is whole,`)
  }
  return { actor, seq, envelope, snapshot, effects, changed, committedAt }
}

/** The entries of one actor without gaps, the first of which is whole or follows `before`. */
export function entriesOf(
  stored: readonly EntryColumns[],
  before: Snapshot | null = null,
): Entry[] {
  const entries: Entry[] = []
  let last = before
  for (const one of stored) {
    const entry = entryAfter(last, keptIn(one))
    entries.push(entry)
    last = entry.snapshot
  }
  return entries
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSnapshot(value: unknown): value is Snapshot {
  return (
    isObject(value) &&
    typeof value['chart'] === 'string' &&
    typeof value['version'] === 'number' &&
    isObject(value['state']) &&
    isTimers(value['timers'])
  )
}

function isChange(value: unknown): value is SnapshotChange {
  return isObject(value) && (value['timers'] === undefined || isTimers(value['timers']))
}

function isTimers(value: unknown): boolean {
  return Array.isArray(value) && value.every(isArmedTimer)
}

function isEffects(value: unknown): value is readonly Effect[] {
  return Array.isArray(value) && value.every(isEffect)
}
