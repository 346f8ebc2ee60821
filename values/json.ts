import { z } from 'zod'

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
    if (member !== undefined) copy[key] = plain(member, `${path}.${key}`)
  }
  return copy
}

/** Equal as JSON, whatever the order of the members. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a === null || b === null) return false
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) || Array.isArray(b)) return sameList(a, b)
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  )
}

function sameList(a: Json, b: Json): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((item, index) => sameJson(item, b[index]))
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

/** Data that survives JSON: what journals, effects and views are made of. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type JsonObject = { [key: string]: Json }

export const JsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json())

/** JSON with its keys sorted, so that equal facts are equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
