import type { AnyMachineSnapshot } from 'xstate'
import type { RequestedAction, Statechart } from '../../actors/decision/statechart.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import { canonical } from '../../values/json.ts'
import type { ChartName, SampleEvent } from './explore.ts'
import { second } from './samples.ts'
import { abstractionOf } from './abstraction.ts'
import { stepping } from './step.ts'
import { events } from './events.ts'

// A breadth-first walk over everything that a chart can come to, by its events and its own timers.

export interface Situation {
  readonly snapshot: AnyMachineSnapshot
  /** The last thing that happened, and when. */
  readonly now: Instant
  readonly seq: number
  readonly timers: ReadonlyMap<string, Instant>
  /** How it came about. */
  readonly path: readonly string[]
}

export interface WalkedStep {
  readonly from: Situation
  /** A event's name, or a timer's. */
  readonly by: string
  readonly event: SampleEvent
  readonly to: Situation
  readonly asked: readonly RequestedAction[]
}

/** Everything reachable, each situation once, and every step from each. */
export function walk(chart: ChartName): { situations: Situation[]; steps: WalkedStep[] } {
  const statechart = stepping(chart)
  const begun = statechart.begin({ id: 'x_1' })
  const first: Situation = {
    snapshot: begun.snapshot,
    now: second(0),
    seq: 1,
    timers: new Map(),
    path: [],
  }
  const situations: Situation[] = [first]
  const steps: WalkedStep[] = []
  const met = new Set([keyOf(chart, first)])
  for (const situation of situations) {
    for (const [name, event] of Object.entries(events[chart])) {
      steps.push(take(statechart, situation, { by: name, at: plusMs(situation.now, 1000), event }))
    }
    for (const [name, dueAt] of situation.timers) {
      const at = dueAt > situation.now ? dueAt : situation.now
      steps.push(take(statechart, situation, { by: name, at, event: { type: name } }))
    }
    for (const { to } of steps.slice(-Object.keys(events[chart]).length - situation.timers.size)) {
      if (to.snapshot === situation.snapshot) continue
      const key = keyOf(chart, to)
      if (met.has(key)) continue
      met.add(key)
      situations.push(to)
    }
  }
  return { situations, steps }
}

interface StepInput {
  readonly by: string
  readonly at: Instant
  readonly event: SampleEvent
}

function take(statechart: Statechart, from: Situation, { by, at, event }: StepInput): WalkedStep {
  const { seq } = from
  const version = 'version' in event ? { version: seq } : {}
  const stamped = { ...event, ...version, at, by: 'test', seq }
  const { snapshot, actions } = statechart.step(from.snapshot, stamped)
  const timers = new Map(from.timers)
  if (by.startsWith('xstate.')) timers.delete(by)
  for (const { type, params } of actions) arm(timers, { type, params }, at)
  const to = { snapshot, now: at, seq: seq + 1, timers, path: [...from.path, by] }
  return { from, by, event: stamped, to, asked: actions.filter(({ type }) => type === 'effect') }
}

function arm(timers: Map<string, Instant>, { type, params }: RequestedAction, at: Instant): void {
  if (typeof params !== 'object' || params === null) return
  if (type === 'xstate.cancel' && 'sendId' in params) timers.delete(String(params.sendId))
  if (type !== 'xstate.raise' || !('id' in params && 'delay' in params)) return
  timers.set(String(params.id), plusMs(at, Math.max(0, Number(params.delay))))
}

function keyOf(chart: ChartName, { snapshot, timers }: Situation): string {
  const context: unknown = snapshot.context
  return canonical([snapshot.value, abstractionOf[chart](context), [...timers.keys()].sort()])
}
