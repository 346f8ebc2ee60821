import type { Entry, ViewRow } from '../actors/journal/journal.ts'
import type { View } from '../actors/projections.ts'
import type { JsonObject } from '../values/json.ts'

/** A view over the actors of one type. */
export function rowsOf(
  name: string,
  actorType: string,
  keep: ViewRow['keep'],
  project: (entry: Entry) => readonly { key: string; value: JsonObject }[],
): View {
  return {
    name,
    rows: (entry) =>
      entry.snapshot.chart === actorType
        ? project(entry).map((row) => ({ view: name, keep, ...row }))
        : [],
  }
}

/** The states of a parallel chart's regions, or of a simple chart as `{ state }`. */
export function valueOf(entry: Entry): JsonObject {
  const value = entry.snapshot.state['value']
  if (typeof value === 'string') return { state: value }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
