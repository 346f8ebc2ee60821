import { sameJson, type Json, type JsonObject } from './json.ts'

/**
 * What changed between two JSON objects. `set` holds new values at their places, nested as they are
 * in the object: an object in `set` is merged into an object that stands there, anything else
 * replaces what stands there. `unset` lists the paths that are gone. Lists are replaced as a whole.
 */
export interface Delta {
  readonly set?: JsonObject
  readonly unset?: readonly (readonly string[])[]
}

/** The delta from `before` to `after`; null if they are equal as JSON. */
export function deltaOf(before: JsonObject, after: JsonObject): Delta | null {
  const unset: string[][] = []
  const set = changesIn(before, after, { path: [], unset })
  if (set === null && unset.length === 0) return null
  return { ...(set !== null && { set }), ...(unset.length > 0 && { unset }) }
}

interface Walk {
  readonly path: readonly string[]
  readonly unset: string[][]
}

function changesIn(
  before: JsonObject,
  after: JsonObject,
  { path, unset }: Walk,
): JsonObject | null {
  let changes: JsonObject | null = null
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) unset.push([...path, key])
  }
  for (const [key, next] of Object.entries(after)) {
    const last = Object.hasOwn(before, key) ? before[key] : undefined
    const change =
      isObject(last) && isObject(next)
        ? changesIn(last, next, { path: [...path, key], unset })
        : sameJson(last, next)
          ? null
          : next
    // A null that is new is a change as well.
    if (change === null && !(next === null && last !== null)) continue
    changes = withMember(changes ?? {}, key, change)
  }
  return changes
}

/**
 * `before` with the delta applied; what did not change is shared with it, and nothing of it is
 * altered.
 */
export function withDelta(before: JsonObject, { set, unset }: Delta): JsonObject {
  const removed = (unset ?? []).reduce((value, path) => without(value, path), before)
  return set === undefined ? removed : merged(removed, set)
}

function merged(before: JsonObject, changes: JsonObject): JsonObject {
  let after: JsonObject = { ...before }
  for (const [key, change] of Object.entries(changes)) {
    const last = Object.hasOwn(before, key) ? before[key] : undefined
    const next = isObject(last) && isObject(change) ? merged(last, change) : change
    after = withMember(after, key, next)
  }
  return after
}

function without(value: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path
  if (key === undefined || !Object.hasOwn(value, key)) return value
  if (rest.length === 0) {
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  }
  const inner = value[key]
  return isObject(inner) ? withMember({ ...value }, key, without(inner, rest)) : value
}

/** Sets a member of an object that is ours; `__proto__` is a name like any other. */
function withMember(object: JsonObject, key: string, value: Json): JsonObject {
  if (key !== '__proto__') object[key] = value
  else
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  return object
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
