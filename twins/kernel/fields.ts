import type { Json, JsonObject } from '../../values/json.ts'
import type { StripeObject } from './objects.ts'

// Reading plain JSON without assertions. A path is keys joined by dots; what is not there is
// undefined.

export function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isStripeObject(value: Json | undefined): value is StripeObject {
  return (
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    typeof value['object'] === 'string' &&
    typeof value['created'] === 'number' &&
    value['livemode'] === false
  )
}

export function at(object: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = object
  for (const key of path.split('.')) {
    if (!isRecord(value)) return undefined
    value = value[key]
  }
  return value
}

/** The string at the path, or null. */
export function textAt(object: JsonObject, path: string): string | null {
  const value = at(object, path)
  return typeof value === 'string' ? value : null
}

/** The number at the path, or null. */
export function numberAt(object: JsonObject, path: string): number | null {
  const value = at(object, path)
  return typeof value === 'number' ? value : null
}

export function flagAt(object: JsonObject, path: string): boolean {
  return at(object, path) === true
}

/** The object at the path, or an empty one. */
export function recordAt(object: JsonObject, path: string): JsonObject {
  const value = at(object, path)
  return isRecord(value) ? value : {}
}

/** The list at the path, or an empty one; `items.data` for Stripe's list objects. */
export function listAt(object: JsonObject, path: string): readonly Json[] {
  const value = at(object, path)
  return Array.isArray(value) ? value : []
}

/**
 * The same value, closed to change all the way down, so that it can be shared. Changing it throws.
 * What is frozen already was frozen whole, which is why a changed copy costs only what is new in
 * it.
 */
export function frozen<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

export function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

/**
 * What an event shows as `previous_attributes`: the former value of each field that changed; inside
 * an object only the keys that changed, a list whole. Null where a field is new.
 */
export function previousAttributes(before: JsonObject, after: JsonObject): JsonObject {
  const previous: JsonObject = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[key], after[key]]
    if (sameJson(was, is)) continue
    previous[key] = isRecord(was) && isRecord(is) ? previousAttributes(was, is) : (was ?? null)
  }
  return previous
}

/** The fields that were given: those that are not undefined. */
export function given(fields: { readonly [key: string]: Json | undefined }): JsonObject {
  const known: JsonObject = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) known[key] = value
  return known
}
