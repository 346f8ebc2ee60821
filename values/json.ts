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

/**
 * A copy made of JSON alone. Members that are undefined are left out, as JSON would; what JSON
 * would change in silence (a date, a map, NaN, a function) throws NotPlain with its path.
 */
export function plain(value: unknown, path = '$'): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'object') {
    return Array.isArray(value) ? plainList(value, path) : plainObject(value, path)
  }
  if (typeof value !== 'number') throw new NotPlain(`${path} is a ${typeof value}, not JSON`)
  if (!Number.isFinite(value))
    throw new NotPlain(`${path} is ${value}; JSON has finite numbers only`)
  return value
}

function plainList(list: readonly unknown[], path: string): Json[] {
  return list.map((item, index) => plain(item, `${path}[${index}]`))
}

export function plainObject(value: object, path = '$'): JsonObject {
  const proto: unknown = Object.getPrototypeOf(value)
  if (proto !== Object.prototype && proto !== null) {
    throw new NotPlain(`${path} is not a plain object; only JSON can be kept`)
  }
  const copy: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) put(copy, key, plain(member, `${path}.${key}`))
  }
  return copy
}

/** A member called `__proto__` is one like any other: assigned, it would be lost in silence. */
function put(object: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') object[key] = value
  else
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
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
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
