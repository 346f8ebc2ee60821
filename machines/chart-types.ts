import type { ChartEffect } from './effects.ts'
import type { Told } from './shared-events.ts'

/**
 * The types of a chart, for `setup({ types })`: a value that has none of its optional members, so that
 * they flow in without a cast.
 */
export interface ChartTypes<Context, Event> {
  context?: Context
  events?: Event & Told
  input?: { readonly id: string }
}

/** The one action by which a chart asks for something; the runtime reads its parameter and never calls it. */
export function effect(_scope: unknown, _effect: ChartEffect): void {}
