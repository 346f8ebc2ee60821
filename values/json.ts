import { z } from 'zod'

/** Data that survives JSON: what journals, effects and views are made of. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type JsonObject = { [key: string]: Json }

export const JsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json())

/** A value that would not survive JSON: found before it is written, never after. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain'
  readonly code = 'not_plain'
}

/** Where a value stands in what is copied; null for the whole of it. */
interface Place {
  readonly within: Place | null
  readonly key: string | number
}

/**
 * A copy made of JSON alone. Members that are undefined are left out, as JSON would; what JSON
 * would change in silence (a date, a map, NaN, a function) throws NotPlain with its path. Of
 * `known`, which is JSON that nobody changes, all that is found again at its place is shared in
 * place of copied.
 */
export function plain(value: unknown, known?: Json): Json {
  return plainAt(value, known, null)
}

export function plainObject(value: object, known?: Json): JsonObject {
  return plainMembers(value, known, null)
}

function plainAt(value: unknown, known: Json | undefined, place: Place | null): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'object') {
    if (!Array.isArray(value)) return plainMembers(value, known, place)
    if (value === known) return known
    const before = Array.isArray(known) ? known : []
    return value.map((item, key) => plainAt(item, before[key], { within: place, key }))
  }
  if (typeof value !== 'number') throw notPlain(place, `a ${typeof value}, not JSON`)
  if (Number.isFinite(value)) return value
  throw notPlain(place, `${value}; JSON has finite numbers only`)
}

function plainMembers(value: object, known: Json | undefined, place: Place | null): JsonObject {
  const before = isJsonObject(known) ? known : null
  if (value === before) return before
  if (!isPlainRecord(value)) throw notPlain(place, 'not a plain object; only JSON can be kept')
  const copy: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    const last = before !== null && Object.hasOwn(before, key) ? before[key] : undefined
    withMember(copy, key, plainAt(member, last, { within: place, key }))
  }
  return copy
}

function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notPlain(place: Place | null, what: string): NotPlain {
  return new NotPlain(`${pathOf(place)} is ${what}`)
}

function pathOf(place: Place | null): string {
  if (place === null) return '$'
  const { within, key } = place
  return `${pathOf(within)}${typeof key === 'number' ? `[${key}]` : `.${key}`}`
}

/** Equal as JSON, whatever the order of the members; a member that is undefined is none. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]))
    )
  }
  return (
    Object.keys(a).every((key) => sameJson(memberOf(a, key), memberOf(b, key))) &&
    Object.keys(b).every((key) => Object.hasOwn(a, key) || memberOf(b, key) === undefined)
  )
}

function memberOf(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined
}

/**
 * A state value as people read it: `open.charging`, or `record.keeping, standing.good` for a
 * parallel state.
 */
export function stateText(value: Json | undefined): string {
  return stateLeaves(value).join(', ')
}

function stateLeaves(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const leaves = stateLeaves(inner)
    return leaves.length === 0 ? [key] : leaves.map((leaf) => `${key}.${leaf}`)
  })
}

/** JSON with its keys sorted, so that equal facts are equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value))
}

/** What has a JSON form of its own, such as a date, says it when it is printed. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isPlainRecord(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort()) withMember(copy, key, sorted(value[key]))
  return copy
}

function isPlainRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

/** Sets a member of an object that is ours; `__proto__` is a name like any other. */
export function withMember<Value>(
  object: Record<string, Value>,
  key: string,
  value: Value,
): Record<string, Value> {
  if (key !== '__proto__') object[key] = value
  else {
    const member = { value, enumerable: true, configurable: true, writable: true }
    Object.defineProperty(object, key, member)
  }
  return object
}
