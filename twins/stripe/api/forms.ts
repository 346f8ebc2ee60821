import type { Json, JsonObject } from '../../../values/json.ts'
import { isRecord } from '../../kernel/fields.ts'
import { invalidRequest } from './failure.ts'

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

/** `a[b][0][c]` → `['a', 'b', '0', 'c']`; `a[]` → `['a', '']`. */
function keysOf(name: string): string[] {
  const first = name.indexOf('[')
  if (first <= 0) return [name]
  const rest = [...name.slice(first).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')
  return [name.slice(0, first), ...rest]
}

function place(into: JsonObject, keys: readonly string[], value: string): void {
  const [key = '', ...rest] = keys
  if (forbidden.has(key)) throw invalidRequest(key, `Received unknown parameter: ${key}`)
  const name = key === '' ? String(Object.keys(into).length) : key
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const inner = into[name]
  const branch = isRecord(inner) ? inner : {}
  into[name] = branch
  place(branch, rest, value)
}

/** Branches whose keys are 0, 1, 2, … become lists. */
function withLists(value: Json): Json {
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, withLists(inner)] as const)
  const isList = entries.length > 0 && entries.every(([key]) => /^\d{1,5}$/.test(key))
  if (!isList) return Object.fromEntries(entries)
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner)
}

/**
 * A query or a form body with brackets, as Stripe's SDKs write nested parameters. Values stay
 * strings.
 */
export function decodeForm(text: string): JsonObject {
  const tree: JsonObject = {}
  for (const [name, value] of new URLSearchParams(text)) place(tree, keysOf(name), value)
  return Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, withLists(inner)]))
}
