import type { AnyStateMachine } from 'xstate'
import type { z } from 'zod'
import type { JsonObject } from '../values/json.ts'

/** Brings the state of version `from` to `from + 1`. Numbered, with a reason, never removed. */
export interface Migration {
  readonly from: number
  readonly reason: string
  /** The release since which the newer form is written. */
  readonly since: string
  migrate(state: JsonObject): JsonObject
  /** Old timer names to new ones, where a state or a delay was renamed. */
  readonly timers?: Readonly<Record<string, string>>
}

/** A statechart with what the runtime must know of it. */
export interface Chart {
  /** The actor type. */
  readonly type: string
  readonly version: number
  readonly migrations: readonly Migration[]
  readonly machine: AnyStateMachine
  /** Every event it may be told, but for its own timers. Anything else is refused as `event_unknown`. */
  readonly events: z.ZodType<{ type: string }>
  /**
   * Events that ask. One that no transition takes is refused, with the state and what is possible; every
   * other event is an observation, which is then recorded and changes nothing.
   */
  readonly requests: ReadonlySet<string>
}

export type Charts = Readonly<Record<string, Chart>>
