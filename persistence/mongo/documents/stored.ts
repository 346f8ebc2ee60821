import type { Json, JsonObject } from '../../../values/json.ts'
import { UnreadableDocument } from '../../errors.ts'

// JSON as MongoDB keeps it: as it is, so that people can read and query it, but for what MongoDB or
// its driver would take for something else. Such keys are written percent-style: `%24set`, `a%2Eb`,
// `%5F_proto__`, and `%` for the empty one. What no document can hold (half a UTF-16 pair, nesting
// without end) stands as JSON text in a document of one key that no key is written as: `{ "%json":
// "…" }`.

/** JSON in the form in which MongoDB keeps it. */
export type StoredJson = { readonly [key: string]: unknown }

const textKey = '%json'

/**
 * MongoDB refuses documents nested deeper than 100; what is around this value needs a few of them.
 */
const depthMax = 80

const oddKey = /^$|^\$|^_bsontype$|^__proto__$|[%.\0]|\p{Surrogate}/u
const halfPair = /\p{Surrogate}/u

export function stored(value: JsonObject): StoredJson {
  return isNatural(value, 0) ? value : storedObject(value, 0)
}

/** Also for texts alone. */
export function storedText(text: string): unknown {
  return storedValue(text, 0)
}

function isNatural(value: Json | undefined, depth: number): boolean {
  if (typeof value === 'string') return !halfPair.test(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === depthMax) return false
  if (Array.isArray(value)) return value.every((item) => isNatural(item, depth + 1))
  for (const key of Object.keys(value)) {
    if (oddKey.test(key) || !isNatural(value[key], depth + 1)) return false
  }
  return true
}

function storedValue(value: Json, depth: number): unknown {
  if (typeof value === 'string') return halfPair.test(value) ? asText(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) return asText(value)
  return Array.isArray(value)
    ? value.map((item) => storedValue(item, depth + 1))
    : storedObject(value, depth)
}

function asText(value: Json): StoredJson {
  return { [textKey]: JSON.stringify(value) }
}

function storedObject(object: JsonObject, depth: number): StoredJson {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [storedKey(key), storedValue(value, depth + 1)]),
  )
}

export function storedKey(key: string): string {
  if (!oddKey.test(key)) return key
  if (key === '') return '%'
  if (key === '_bsontype' || key === '__proto__') return `%5F${key.slice(1)}`
  return key.replace(/^\$|[%.\0]|\p{Surrogate}/gu, escaped)
}

function escaped(one: string): string {
  const code = one.charCodeAt(0)
  const hex = code.toString(16).toUpperCase()
  return code < 0x100 ? `%${hex.padStart(2, '0')}` : `%u${hex}`
}

/** What `stored` was given. Throws UnreadableDocument. */
export function restored(value: unknown, what: () => string): JsonObject {
  if (!isStored(value)) throw new UnreadableDocument(what())
  return isPlain(value) ? value : restoredObject(value, what)
}

export function restoredText(value: unknown, what: () => string): string {
  const text = restoredValue(value, what)
  if (typeof text !== 'string') throw new UnreadableDocument(what())
  return text
}

export function isStored(value: unknown): value is StoredJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the driver read is JSON by construction; true if no key of it is escaped. */
function isPlain(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isPlain)
  for (const [key, member] of Object.entries(value)) {
    if (key.includes('%') || !isPlain(member)) return false
  }
  return true
}

function restoredValue(value: unknown, what: () => string): Json {
  if (Array.isArray(value)) return value.map((item) => restoredValue(item, what))
  if (isStored(value)) {
    return textKey in value ? parsed(value[textKey], what) : restoredObject(value, what)
  }
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value
  }
  throw new UnreadableDocument(what())
}

function parsed(text: unknown, what: () => string): Json {
  try {
    const value: Json = JSON.parse(String(text))
    return value
  } catch (error) {
    throw new UnreadableDocument(what(), { cause: error })
  }
}

function restoredObject(object: StoredJson, what: () => string): JsonObject {
  // `fromEntries` defines `__proto__` like any other member.
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [restoredKey(key), restoredValue(value, what)]),
  )
}

export function restoredKey(key: string): string {
  if (key === '%') return ''
  return key.replace(/%(?:u([\dA-F]{4})|([\dA-F]{2}))/g, (_all, wide?: string, narrow?: string) =>
    String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
  )
}
