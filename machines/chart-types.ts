import type { ChartEffect } from './effects.ts'
import type { Stamped } from './shared-events.ts'

/**
 * The types of a chart, for `setup({ types })`: a value that has none of its optional members, so
 * that they flow in without a cast.
 */
export interface ChartTypes<Context, Event> {
  context?: Context
  events?: Event & Stamped
  input?: { readonly id: string }
}

/** What the guards, folds and requests of a chart look at. */
export interface Scope<Context, Event> {
  readonly context: Context
  readonly event: Event & Stamped
}

/** One thing that a chart asks for, several, or nothing. */
export type EffectRequests = ChartEffect | null | readonly ChartEffect[]

/**
 * The one action by which a chart asks for something; the runtime reads its parameter and never
 * calls it.
 */
export function effect(_scope: unknown, _asked: EffectRequests): void {}

/**
 * The action that asks for what `request` answers; the request's name is what the diagrams show.
 */
export function ask<Scope, Wanted extends EffectRequests>(request: (scope: Scope) => Wanted) {
  return { type: 'effect', params: request } as const
}

/** Where a chart stands, and what it remembers: of this its summaries are made. */
export interface Standing<Context> {
  readonly value: unknown
  readonly context: Context
}

/** The state of one region, without the states in it: `open` of `{ status: { open: 'idle' } }`. */
export function stateOf(value: unknown, region?: string): string {
  const inner = region === undefined ? value : memberOf(value, region)
  if (typeof inner === 'string') return inner
  return typeof inner === 'object' && inner !== null ? (Object.keys(inner)[0] ?? '') : ''
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
