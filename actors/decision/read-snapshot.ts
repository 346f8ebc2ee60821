import { z } from 'zod'
import type { ChartState } from './chart.ts'
import type { Entry } from '../journal/journal.ts'
import { readContext } from './stored-form.ts'

const Stored = z.object({ value: z.json(), context: z.unknown() })

/**
 * The stored context of an actor, as its schema says it is. Throws if it is not: a fault of ours.
 */
export function contextOf<Schema extends z.ZodType>(entry: Entry, schema: Schema): z.infer<Schema> {
  return readContext(entry.snapshot.state, schema)
}

/** An entry's state, as charts are shown it. */
export function chartStateOf({ snapshot }: Entry): ChartState {
  return { value: snapshot.state['value'], context: snapshot.state['context'] }
}

/** The state value: a name, or regions and their values. */
export function valueOf(entry: Entry): z.infer<ReturnType<typeof z.json>> {
  return Stored.parse(entry.snapshot.state).value
}

/** The state of one region of a parallel chart, such as `open.charging` of `status`. */
export function regionOf(entry: Entry, region: string): string {
  const value = valueOf(entry)
  const inner =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? value[region] : null
  return pathOf(inner ?? null)
}

function pathOf(value: z.infer<ReturnType<typeof z.json>>): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'unknown'
  const [first] = Object.entries(value)
  return first === undefined ? 'unknown' : `${first[0]}.${pathOf(first[1])}`
}
