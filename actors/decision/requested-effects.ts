import { isActorRef, effectId, type ActorRef } from '../../values/ids.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import { type JsonObject, plainObject } from '../../values/json.ts'
import type { ArmedTimer, Effect } from '../journal/journal.ts'
import type { Refusal } from '../refusal.ts'
import type { RequestedAction } from './statechart.ts'

/**
 * A chart that asks for what the runtime does not do: a bug, found at the first decision that asks.
 */
export class ChartFault extends Error {
  override readonly name = 'ChartFault'
  readonly code = 'chart_fault'
}

export interface AskingEntry {
  readonly actor: ActorRef
  readonly seq: number
  /** The time from which timers count. */
  readonly at: Instant
  readonly effectsMax: number
}

/** What a step asked for, as data. */
export interface Outcome {
  readonly effects: readonly Effect[]
  readonly timers: readonly ArmedTimer[]
  /** If set, the whole decision is this refusal. */
  readonly refusal: Refusal | null
}

/** Turns XState's actions, in their order, into effects and timers. Throws ChartFault. */
export function outcomeOf(
  actions: readonly RequestedAction[],
  armed: readonly ArmedTimer[],
  asking: AskingEntry,
): Outcome {
  const effects: Effect[] = []
  const timers = new Map(armed.map((timer) => [timer.name, timer]))
  for (const { type, params } of actions) {
    if (type === 'effect') {
      const asked = effectOf(params)
      if (asked['kind'] === 'refuse') return { effects: [], timers: armed, refusal: refusal(asked) }
      effects.push(withId(asked, asking, effects.length + 1))
    } else if (type === 'xstate.raise') {
      const timer = timerOf(params, asking)
      if (timer !== null) timers.set(timer.name, timer)
    } else if (type === 'xstate.cancel') {
      timers.delete(textIn(params, 'sendId'))
    } else {
      throw new ChartFault(`the action "${type}" is none: charts act by "effect" and "after" alone`)
    }
  }
  if (effects.length > asking.effectsMax) {
    throw new ChartFault(`${effects.length} effects in one decision; at most ${asking.effectsMax}`)
  }
  return { effects, timers: [...timers.values()], refusal: null }
}

function effectOf(params: unknown): JsonObject {
  if (typeof params !== 'object' || params === null) {
    throw new ChartFault('the action "effect" needs params, such as { kind: "tell", … }')
  }
  return plainObject(params)
}

function withId(asked: JsonObject, asking: AskingEntry, n: number): Effect {
  const { kind } = asked
  if (typeof kind !== 'string' || 'id' in asked) {
    throw new ChartFault('an effect has a kind; its id is given by the runtime')
  }
  const effect = { ...asked, kind, id: effectId(asking.actor, asking.seq, n) }
  return kind === 'tell' ? { ...effect, event: versioned(asked, asking.seq) } : effect
}

/**
 * What is told carries the teller's seq, by which the receiver knows an older summary from a newer
 * one.
 */
function versioned({ to, event }: JsonObject, seq: number): JsonObject {
  if (!isActorRef(to)) throw new ChartFault(`a tell goes to an actor, not to ${JSON.stringify(to)}`)
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new ChartFault('a tell has an event')
  }
  if (typeof event['type'] !== 'string') throw new ChartFault('what is told has a type')
  return { ...event, version: seq }
}

function refusal(asked: JsonObject): Refusal {
  const { refusal } = asked
  if (typeof refusal === 'object' && refusal !== null && !Array.isArray(refusal)) {
    const { code } = refusal
    if (typeof code === 'string') return { ...refusal, code }
  }
  throw new ChartFault('the effect "refuse" needs a refusal with a code')
}

/** Null for an event raised without delay, which the step has dealt with already. */
function timerOf(params: unknown, { actor, seq, at }: AskingEntry): ArmedTimer | null {
  const delay = member(params, 'delay')
  const id = member(params, 'id')
  // Without an id it is no timer. An "after" whose delay is unknown has one: XState would raise it
  // at once.
  if (delay === undefined && id === undefined) return null
  const name = textIn(params, 'id')
  if (!name.startsWith('xstate.after.')) {
    throw new ChartFault(
      `"${name}" is raised with a delay; write it as "after", whose name can be kept`,
    )
  }
  if (typeof delay !== 'number' || !Number.isFinite(delay)) {
    throw new ChartFault(`the delay of ${name} is not a number of ms`)
  }
  // A moment that has passed already is due at once, and stays the timer's nominal time.
  return { name, dueAt: plusMs(at, Math.round(delay)), instance: `${actor}#${seq}` }
}

function textIn(params: unknown, key: string): string {
  const text = member(params, key)
  if (typeof text !== 'string') throw new ChartFault(`an action without ${key}`)
  return text
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
