import { type Json, type JsonObject, withMember } from './json.ts'

/**
 * What changed between two JSON objects. `set` holds new values at their places, nested as they are
 * in the object: an object in `set` is merged into an object that stands there, anything else
 * replaces what stands there. `unset` lists the paths that are gone. Lists are replaced as a whole.
 */
export interface Delta {
  readonly set?: JsonObject
  readonly unset?: readonly (readonly string[])[]
}

/**
 * The delta from `before` to `after`, an empty one if they are equal to the order of their members.
 * Null where `withDelta` could not give `after` in that order: members have changed places. The
 * order matters, since what is decided may follow it, and must be decided the same on a state that
 * was read and on one that was kept.
 */
export function deltaOf(before: JsonObject, after: JsonObject): Delta | null {
  const walk: Walk = { unset: [], isReordered: false }
  const set = changesIn(before, after, { walk, path: [] })
  if (walk.isReordered) return null
  return { ...(set !== null && { set }), ...(walk.unset.length > 0 && { unset: walk.unset }) }
}

interface Walk {
  readonly unset: string[][]
  isReordered: boolean
}

interface Place {
  readonly walk: Walk
  readonly path: readonly string[]
}

function changesIn(
  before: JsonObject,
  after: JsonObject,
  { walk, path }: Place,
): JsonObject | null {
  if (before === after) return null
  const kept: string[] = []
  for (const key of Object.keys(before)) {
    if (Object.hasOwn(after, key)) kept.push(key)
    else walk.unset.push([...path, key])
  }
  let changes: JsonObject | null = null
  for (const [index, [key, next]] of Object.entries(after).entries()) {
    const isNew = !Object.hasOwn(before, key)
    // Kept members come first, in their order, and new ones after them.
    if (isNew ? index < kept.length : kept[index] !== key) walk.isReordered = true
    const last = isNew ? undefined : before[key]
    if (isObject(last) && isObject(next)) {
      const inner = changesIn(last, next, { walk, path: [...path, key] })
      if (inner !== null) changes = withMember(changes ?? {}, key, inner)
    } else if (isNew || !isSame(last, next)) {
      changes = withMember(changes ?? {}, key, next)
    }
  }
  return changes
}

/** Equal to the order of members. */
function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  return JSON.stringify(a) === JSON.stringify(b)
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

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
