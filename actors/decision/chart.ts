import type { AnyStateMachine } from 'xstate'
import type { z } from 'zod'
import type { ActorRef } from '../../values/ids.ts'
import type { JsonObject } from '../../values/json.ts'
import type { Effect } from '../journal/journal.ts'

/** Brings the state of version `from` to `from + 1`. Numbered, with a reason, never removed. */
export interface Migration {
  readonly from: number
  readonly reason: string
  /** The release since which the newer form is written. */
  readonly since: string
  migrate(state: JsonObject): JsonObject
  /**
   * Old timer names to new ones, where a state or a delay was renamed; null for one that is
   * dropped.
   */
  readonly timers?: Readonly<Record<string, string | null>>
}

/** What an actor says of itself to another one. */
export interface Summary {
  readonly to: ActorRef
  readonly event: { readonly type: string }
  /**
   * True where the receiver must hear of it in any case. A summary that does not matter is told
   * only after one that did, so that the receiver hears of the end of what it was told.
   */
  readonly matters: boolean
}

/** What a chart's summary is made of: where it stands, and what it remembers. */
export interface ChartState {
  readonly value: unknown
  readonly context: unknown
}

/** A statechart with what the runtime must know of it. */
export interface Chart {
  /** The actor type. */
  readonly type: string
  readonly version: number
  readonly migrations: readonly Migration[]
  readonly machine: AnyStateMachine
  /** The form of what it remembers, as this version stores it. */
  readonly context: z.ZodType
  /**
   * Every event it may be told, but for its own timers. Anything else is refused as
   * `event_unknown`.
   */
  readonly events: z.ZodType<{ type: string }>
  /**
   * Events that ask. One that no transition takes is refused, with the state and what is possible;
   * every other event is an observation, which then changes nothing.
   */
  readonly requests: ReadonlySet<string>
  /**
   * By kind, the effects that move money or end something: whether the actor, as it stands before a
   * try, still wants one. One that it does not want is not performed, and the actor hears what its
   * tries have left or `effect.not_wanted`, which it must take; either is kept up, hourly in the
   * end, and never given up for want of an answer. Pure.
   */
  readonly wanted?: Readonly<Record<string, (state: ChartState, effect: Effect) => boolean>>
  /**
   * What a state tells others: pure, at most one summary a receiver. After each step the runtime
   * tells those that differ from the state's before it, with the entry's seq as `version`.
   */
  summaries?(state: ChartState): readonly Summary[]
}

export type Charts = Readonly<Record<string, Chart>>
