import { z } from 'zod'
import type { JsonObject } from '../../values/json.ts'
import type { Chart } from './chart.ts'
import { StateUnreadable } from './statechart.ts'

const checked = new WeakSet<JsonObject>()

/**
 * Holds a stored state against the form of its chart's version. Throws StateUnreadable with the
 * field's name, so that one actor is parked where a change of form had no migration. A state that
 * was found right is not looked at again.
 */
export function checkForm({ context, type }: Chart, state: JsonObject): void {
  if (checked.has(state)) return
  const parsed = context.safeParse(state['context'])
  if (!parsed.success) {
    throw new StateUnreadable(`not a state of the chart ${type}: ${z.prettifyError(parsed.error)}`)
  }
  checked.add(state)
}
