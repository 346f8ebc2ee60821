import type { Retries } from '../actors/delivery/retries.ts'
import type { Envelope } from '../actors/journal/envelope.ts'
import type { ArmedTimer, Effect, Entry } from '../actors/journal/journal.ts'
import type { ParkedItem } from '../actors/ports.ts'
import { type EffectId, isActorRef } from '../values/ids.ts'
import { isInstant } from '../values/instant.ts'
import type { Json, JsonObject } from '../values/json.ts'
import { UnreadableDocument } from './errors.ts'

// Documents are stored as JSON text: what comes back is equal to the last character on both homes,
// whatever its keys. We wrote them, so only their outline is checked on the way back, not every
// field.

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: unknown, what: () => string): unknown {
  if (typeof text !== 'string') throw new UnreadableDocument(what())
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UnreadableDocument(what(), { cause: error })
  }
}

/** What JSON.parse gave is JSON by construction. */
function isJsonObject(value: unknown): value is JsonObject {
  return isFields(value)
}

export function readObject(text: unknown, what: () => string): JsonObject {
  const value = parse(text, what)
  if (!isJsonObject(value)) throw new UnreadableDocument(what())
  return value
}

function isEntry(value: unknown): value is Entry {
  return (
    isFields(value) &&
    isActorRef(value['actor']) &&
    Number.isSafeInteger(value['seq']) &&
    isFields(value['envelope']) &&
    isFields(value['snapshot']) &&
    Array.isArray(value['snapshot']['timers']) &&
    Array.isArray(value['effects']) &&
    typeof value['changed'] === 'boolean' &&
    isInstant(value['committedAt'])
  )
}

export function readEntry(text: unknown, what: () => string): Entry {
  const value = parse(text, what)
  if (!isEntry(value)) throw new UnreadableDocument(what())
  return value
}

export function isEnvelope(value: unknown): value is Envelope {
  return isFields(value) && typeof value['id'] === 'string' && isFields(value['event'])
}

export function isEffect(value: unknown): value is Effect {
  return isFields(value) && typeof value['id'] === 'string' && typeof value['kind'] === 'string'
}

function isRetries(value: unknown): value is Retries {
  return (
    isFields(value) &&
    Number.isSafeInteger(value['times']) &&
    isInstant(value['at']) &&
    typeof value['by'] === 'string'
  )
}

export function readRetries(text: unknown, what: () => string): Retries {
  const value = parse(text, what)
  if (!isRetries(value)) throw new UnreadableDocument(what())
  return value
}

function isParked(value: unknown): value is ParkedItem {
  return (
    isFields(value) &&
    typeof value['id'] === 'string' &&
    (value['kind'] === 'effect' || value['kind'] === 'envelope') &&
    isActorRef(value['actor']) &&
    typeof value['error'] === 'string' &&
    isInstant(value['parkedAt']) &&
    (value['effect'] === null || isEffect(value['effect'])) &&
    (value['envelope'] === null || isEnvelope(value['envelope'])) &&
    (value['retried'] === undefined || isRetries(value['retried']))
  )
}

export function readParked(text: unknown, what: () => string): ParkedItem {
  const value = parse(text, what)
  if (!isParked(value)) throw new UnreadableDocument(what())
  return value
}

export function isArmedTimer(value: unknown): value is ArmedTimer {
  return (
    isFields(value) &&
    typeof value['name'] === 'string' &&
    isInstant(value['dueAt']) &&
    typeof value['instance'] === 'string'
  )
}

/** Equal values give equal text only if their keys stand in the same order. */
export function jsonText(value: Json | Entry | ParkedItem | Retries): string {
  return JSON.stringify(value)
}

/** `<actor>#<seq>.<n>`. */
export function isEffectId(value: unknown): value is EffectId {
  if (typeof value !== 'string') return false
  const parts = /^(.+)#\d+\.\d+$/.exec(value)
  return parts !== null && isActorRef(parts[1])
}

/** The entry that asked for it: `<actor>#<seq>`. */
export function entryIdOf(effect: EffectId): string {
  return effect.slice(0, effect.lastIndexOf('.'))
}
