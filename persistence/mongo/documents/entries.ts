import { Binary } from 'mongodb'
import { changedSnapshot } from '../../../actors/journal/changed-snapshot.ts'
import type { Envelope } from '../../../actors/journal/envelope.ts'
import type {
  ArmedTimer,
  Commit,
  Effect,
  Entry,
  Snapshot,
  SnapshotChange,
} from '../../../actors/journal/journal.ts'
import { type ActorRef, isActorRef, typeOf } from '../../../values/ids.ts'
import { isInstant } from '../../../values/instant.ts'
import type { Json, JsonObject } from '../../../values/json.ts'
import { UnreadableDocument } from '../../errors.ts'
import type { PackedText, TextPacker } from '../../text-packer.ts'
import { isArmedTimer, isEffect, isEnvelope } from '../../stored-json.ts'
import type { JournalDocument } from './documents.ts'
import { entryId } from './head-index.ts'
import { isStored, restored, restoredKey, stored, storedKey, type StoredJson } from './stored.ts'

/** The journal's document without what becomes of its effects. */
export type EntryDocument = Omit<JournalDocument, 'delivery' | 'unapplied' | 'opens'>

/** What is read of a document to tell its entry. */
export const entryFields = { delivery: 0, unapplied: 0, opens: 0 } as const

/** An entry as it is inserted, before anything becomes of its effects. */
export function documentOf(
  { entry, change }: Pick<Commit, 'entry' | 'change'>,
  packer: TextPacker,
): Omit<JournalDocument, 'delivery' | 'unapplied'> {
  const { actor, seq, committedAt, changed, effects, snapshot } = entry
  return {
    _id: entryId(entry),
    actor,
    seq,
    ...(seq === 1 && { opens: typeOf(actor) }),
    committedAt,
    changed,
    envelope: packedEnvelope(entry.envelope, actor, packer),
    ...(change === null
      ? { snapshot: storedSnapshot(snapshot) }
      : { change: storedChange(change) }),
    effects: effects.map(stored),
  }
}

export function storedEnvelope({ to, ...envelope }: Envelope, actor: ActorRef): StoredJson {
  return stored(to === actor ? envelope : { ...envelope, to })
}

/** With the long text of its event packed, in its place. */
function packedEnvelope(envelope: Envelope, actor: ActorRef, packer: TextPacker): StoredJson {
  const packed = packer.pack(envelope.event)
  if (packed === null) return storedEnvelope(envelope, actor)
  const event = { ...envelope.event, [packed.member]: '' }
  return {
    ...storedEnvelope({ ...envelope, event }, actor),
    event: { ...stored(event), [storedKey(packed.member)]: new Binary(packed.bytes) },
  }
}

function storedSnapshot({ chart, version, state, timers }: Snapshot): StoredJson {
  return stored({ chart, version, state, timers: timers.map(plainTimer) })
}

function storedChange({ version, timers, state }: SnapshotChange): StoredJson {
  return stored({
    ...(version !== undefined && { version }),
    ...(timers !== undefined && { timers: timers.map(plainTimer) }),
    ...(state !== undefined && {
      state: {
        ...(state.set !== undefined && { set: state.set }),
        ...(state.unset !== undefined && { unset: state.unset.map((path) => [...path]) }),
      },
    }),
  })
}

function plainTimer({ name, dueAt, instance }: ArmedTimer): JsonObject {
  return { name, dueAt, instance }
}

/**
 * Puts the entries of documents together that come in order, actor by actor: the first of an actor
 * that is given holds its whole snapshot. Throws UnreadableDocument.
 */
export function createFold(packer: TextPacker) {
  let last: { readonly actor: ActorRef; readonly seq: number; readonly snapshot: Snapshot } | null =
    null
  /** The snapshot after this document's entry. */
  const snapshotAfter = (document: EntryDocument): Snapshot => {
    const { _id, actor, seq } = document
    const what = () => `the entry ${_id}`
    const follows = last !== null && last.actor === actor && last.seq === seq - 1
    const before = follows && last !== null ? last.snapshot : null
    const snapshot =
      document.snapshot === undefined
        ? changedFrom(before, restored(document.change, what), what)
        : snapshotFrom(restored(document.snapshot, what), what)
    last = { actor, seq, snapshot }
    return snapshot
  }
  return {
    snapshotAfter,
    entryOf: (document: EntryDocument): Entry =>
      entryFrom(document, snapshotAfter(document), packer),
  }
}

/** The entry of the last of these documents, one actor's in order, from its newest whole on. */
export function newestEntryOf(
  documents: readonly EntryDocument[],
  packer: TextPacker,
): Entry | null {
  const whole = documents.findLastIndex(({ snapshot }) => snapshot !== undefined)
  return lastEntryOf(documents.slice(Math.max(whole, 0)), packer)
}

/** The entry of the last of these documents, which lead to it; null if there is none. */
export function lastEntryOf(documents: readonly EntryDocument[], packer: TextPacker): Entry | null {
  const fold = createFold(packer)
  let entry: Entry | null = null
  for (const [place, document] of documents.entries()) {
    if (place === documents.length - 1) entry = fold.entryOf(document)
    else fold.snapshotAfter(document)
  }
  return entry
}

function snapshotFrom({ chart, version, state, timers }: JsonObject, what: () => string): Snapshot {
  if (
    typeof chart !== 'string' ||
    typeof version !== 'number' ||
    !isObject(state) ||
    !areTimers(timers)
  ) {
    throw new UnreadableDocument(what())
  }
  return { chart, version, state, timers }
}

function changedFrom(before: Snapshot | null, change: JsonObject, what: () => string): Snapshot {
  const { version, timers, state } = change
  if (
    before === null ||
    (version !== undefined && typeof version !== 'number') ||
    (timers !== undefined && !areTimers(timers))
  ) {
    throw new UnreadableDocument(what())
  }
  return changedSnapshot(before, {
    ...(version !== undefined && { version }),
    ...(timers !== undefined && { timers }),
    ...(state !== undefined && { state: deltaFrom(state, what) }),
  })
}

function deltaFrom(state: Json, what: () => string) {
  if (!isObject(state)) throw new UnreadableDocument(what())
  const { set, unset } = state
  if ((set !== undefined && !isObject(set)) || (unset !== undefined && !arePaths(unset))) {
    throw new UnreadableDocument(what())
  }
  return { ...(set !== undefined && { set }), ...(unset !== undefined && { unset }) }
}

function entryFrom(document: EntryDocument, snapshot: Snapshot, packer: TextPacker): Entry {
  const { _id, actor, seq, changed, committedAt } = document
  const what = () => `the entry ${_id}`
  const envelope = unpackedEnvelope(document.envelope, { actor, what, packer })
  if (!isActorRef(actor) || !Number.isSafeInteger(seq) || !isInstant(committedAt)) {
    throw new UnreadableDocument(what())
  }
  if (typeof changed !== 'boolean') throw new UnreadableDocument(what())
  const effects = effectsOf(document)
  return { actor, seq, envelope, snapshot, effects, changed, committedAt }
}

export function restoredEnvelope(envelope: unknown, actor: ActorRef, what: () => string): Envelope {
  const value: unknown = { to: actor, ...restored(envelope, what) }
  if (!isEnvelope(value)) throw new UnreadableDocument(what())
  return value
}

interface EnvelopeSource {
  readonly actor: ActorRef
  readonly what: () => string
  readonly packer: TextPacker
}

function unpackedEnvelope(stands: unknown, { actor, what, packer }: EnvelopeSource): Envelope {
  const { rest, packed } = apart(stands)
  const envelope = restoredEnvelope(rest, actor, what)
  if (packed === null) return envelope
  return { ...envelope, event: packer.unpack(envelope.event, packed, what) }
}

/** The envelope as JSON, and what is binary in its event. */
function apart(envelope: unknown): { readonly rest: unknown; readonly packed: PackedText | null } {
  const event = isStored(envelope) ? envelope['event'] : null
  if (!isStored(envelope) || !isStored(event)) return { rest: envelope, packed: null }
  for (const [key, value] of Object.entries(event)) {
    if (!(value instanceof Binary)) continue
    const rest = { ...envelope, event: { ...event, [key]: '' } }
    return { rest, packed: { member: restoredKey(key), bytes: value.value() } }
  }
  return { rest: envelope, packed: null }
}

/** The effects that an entry asked for. */
export function effectsOf({ _id, effects }: Pick<JournalDocument, '_id' | 'effects'>): Effect[] {
  const what = () => `the entry ${_id}`
  if (!Array.isArray(effects)) throw new UnreadableDocument(what())
  return effects.map((one) => {
    const effect = restored(one, what)
    if (!isEffect(effect)) throw new UnreadableDocument(what())
    return effect
  })
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function areTimers(value: unknown): value is ArmedTimer[] {
  return Array.isArray(value) && value.every(isArmedTimer)
}

function arePaths(value: Json): value is string[][] {
  return (
    Array.isArray(value) &&
    value.every((path) => Array.isArray(path) && path.every((key) => typeof key === 'string'))
  )
}
