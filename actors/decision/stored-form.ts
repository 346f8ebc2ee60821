import { z } from 'zod'
import type { JsonObject } from '../../values/json.ts'
import type { Chart } from './chart.ts'
import { StateUnreadable } from './statechart.ts'

// A state is never changed once it is made, so what was read of it stays true. That it was found
// right is remembered for as long as it is kept; what was read, of the newest alone: the views of
// an entry ask for it one after the other.

interface Reading<Schema extends z.ZodType> {
  readonly state: JsonObject
  readonly schema: Schema
  readonly context: z.infer<Schema>
}

const foundRight = new WeakMap<JsonObject, z.ZodType>()
let newest: Reading<z.ZodType> | null = null

/** The context of a stored state, as its schema says it is. Throws ZodError if it is not. */
export function readContext<Schema extends z.ZodType>(
  state: JsonObject,
  schema: Schema,
): z.infer<Schema> {
  if (newest !== null && isReadOf(newest, state, schema)) return newest.context
  const context = schema.parse(state['context'])
  foundRight.set(state, schema)
  newest = { state, schema, context }
  return context
}

function isReadOf<Schema extends z.ZodType>(
  read: Reading<z.ZodType>,
  state: JsonObject,
  schema: Schema,
): read is Reading<Schema> {
  return read.state === state && read.schema === schema
}

/**
 * Holds a stored state against the form of its chart's version. Throws StateUnreadable with the
 * field's name, so that one actor is parked where a change of form had no migration. A state that
 * was found right is not looked at again.
 */
export function checkForm({ context, type }: Chart, state: JsonObject): void {
  if (foundRight.get(state) === context) return
  const parsed = context.safeParse(state['context'])
  if (!parsed.success) {
    throw new StateUnreadable(`not a state of the chart ${type}: ${z.prettifyError(parsed.error)}`)
  }
  foundRight.set(state, context)
}
