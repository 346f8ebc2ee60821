import { changedSnapshot } from '../../actors/journal/changed-snapshot.ts'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type {
  Commit,
  Effect,
  Entry,
  Snapshot,
  SnapshotChange,
} from '../../actors/journal/journal.ts'
import { type ActorRef, effectId } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { UnreadableDocument } from '../errors.ts'
import type { PackedText, TextPacker } from '../text-packer.ts'
import { isArmedTimer, isEffect, isEnvelope, readObject } from '../stored-json.ts'

// What an entry's document holds: of its snapshot what changed, and of the rest what neither the
// columns beside it say nor is as usual. An envelope is for the actor of its entry and came when it
// happened; the effects are numbered from 1. A long text of its event is in the column `packed`:
// the document names the member, which is empty in it.

/** The columns of an entry, with its actor's name. */
export interface EntryColumns {
  readonly actor: ActorRef
  readonly seq: number
  readonly committedAt: Instant
  readonly envelopeId: string
  readonly document: unknown
  /** Undefined where it was not asked for, and the entry's event is of no interest. */
  readonly packed: unknown
}

/** What to store in `entries.document` and `entries.packed`. */
export function documentOf(
  { entry, change }: Pick<Commit, 'entry' | 'change'>,
  packer: TextPacker,
): { readonly document: string; readonly packed: Uint8Array | null } {
  const packed = packer.pack(entry.envelope.event)
  const document = JSON.stringify({
    envelope: shortEnvelope(entry, packed),
    ...(packed !== null && { packed: packed.member }),
    ...(change === null ? { snapshot: entry.snapshot } : { change }),
    ...(entry.effects.length > 0 && { effects: entry.effects.map(shortEffect(entry)) }),
    ...(!entry.changed && { changed: false }),
  })
  return { document, packed: packed?.bytes ?? null }
}

function shortEnvelope({ actor, envelope }: Entry, packed: PackedText | null): Partial<Envelope> {
  const { id: _id, to, event, receivedAt, ...rest } = envelope
  return {
    ...(to !== actor && { to }),
    event: packed === null ? event : { ...event, [packed.member]: '' },
    ...rest,
    ...(receivedAt !== envelope.occurredAt && { receivedAt }),
  }
}

function shortEffect({ actor, seq }: Entry) {
  return (effect: Effect, place: number): JsonObject => {
    const { id, ...rest } = effect
    return id === effectId(actor, seq, place + 1) ? rest : effect
  }
}

/** An entry but for the text that is packed, and for what its snapshot is built from. */
export interface StoredEntry {
  readonly entry: Omit<Entry, 'snapshot'>
  /** The member that is named, and the bytes that are there. */
  readonly text: { readonly member: unknown; readonly bytes: unknown }
  /** The whole snapshot, or how it differs from the one before. */
  readonly whole: Snapshot | null
  readonly change: SnapshotChange
}

/** Throws UnreadableDocument. We wrote it, so only its outline is checked. */
export function keptIn(columns: EntryColumns): StoredEntry {
  const { actor, seq, committedAt } = columns
  const what = () => `the entry ${actor}#${seq}`
  const fields = readObject(columns.document, what)
  const { snapshot, change, changed = true, packed: member } = fields
  const whole = isSnapshot(snapshot) ? snapshot : null
  const kept = isChange(change) ? change : null
  const envelope = envelopeIn(columns, fields['envelope'])
  const effects = effectsIn(columns, fields['effects'] ?? [])
  if (envelope === null || effects === null || typeof changed !== 'boolean') {
    throw new UnreadableDocument(what())
  }
  if ((whole === null) === (kept === null)) throw new UnreadableDocument(what())
  const entry = { actor, seq, envelope, effects, changed, committedAt }
  const text = { member, bytes: columns.packed ?? undefined }
  return { entry, text, whole, change: kept ?? {} }
}

function envelopeIn({ actor, envelopeId }: EntryColumns, short: unknown): Envelope | null {
  if (!isObject(short)) return null
  const usual = { id: envelopeId, to: actor, receivedAt: short['occurredAt'] }
  const envelope: unknown = { ...usual, ...short }
  return isEnvelope(envelope) ? envelope : null
}

function effectsIn({ actor, seq }: EntryColumns, short: unknown): readonly Effect[] | null {
  if (!Array.isArray(short)) return null
  const effects: readonly unknown[] = short.map((effect: unknown, place) =>
    isObject(effect) ? { id: effectId(actor, seq, place + 1), ...effect } : null,
  )
  return effects.every(isEffect) ? effects : null
}

/** The entry, beside the one that its actor took before. */
export function entryAfter(before: Entry | null, stored: StoredEntry, packer: TextPacker): Entry {
  const { entry, whole, change } = stored
  const { actor, seq, effects, changed, committedAt } = entry
  const envelope = wholeEnvelope(stored, packer)
  const follows = before !== null && before.actor === actor && before.seq === seq - 1
  const snapshot = whole ?? (follows ? changedSnapshot(before.snapshot, change) : null)
  if (snapshot === null) {
    throw new UnreadableDocument(`the entry ${actor}#${seq}, of which one before is missing,`)
  }
  return { actor, seq, envelope, snapshot, effects, changed, committedAt }
}

function wholeEnvelope(
  { entry, text: { member, bytes } }: StoredEntry,
  packer: TextPacker,
): Envelope {
  const { actor, seq, envelope } = entry
  if (member === undefined && bytes === undefined) return envelope
  const what = () => `the entry ${actor}#${seq}`
  if (typeof member !== 'string' || !(bytes instanceof Uint8Array)) {
    throw new UnreadableDocument(what())
  }
  const event = packer.unpack(envelope.event, { member, bytes }, what)
  return { ...envelope, event }
}

/** The entries of one actor, the first of which is whole. */
export function entriesOf(stored: readonly EntryColumns[], packer: TextPacker): Entry[] {
  const entries: Entry[] = []
  for (const one of stored) entries.push(entryAfter(entries.at(-1) ?? null, keptIn(one), packer))
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
