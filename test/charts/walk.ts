import type { AnyMachineSnapshot } from 'xstate'
import type { RequestedAction, Statechart } from '../../actors/decision/statechart.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import { canonical } from '../../values/json.ts'
import type { ChartName, Word } from './explore.ts'
import { second } from './given.ts'
import { marks } from './marks.ts'
import { stepping } from './step.ts'
import { words } from './words.ts'

// A breadth-first walk over everything that a chart can come to, by its words and its own timers.

export interface World {
  readonly snapshot: AnyMachineSnapshot
  /** The last thing that happened, and when. */
  readonly now: Instant
  readonly seq: number
  readonly timers: ReadonlyMap<string, Instant>
  /** How it came about. */
  readonly path: readonly string[]
}

export interface WalkedStep {
  readonly from: World
  /** A word's name, or a timer's. */
  readonly by: string
  readonly event: Word
  readonly to: World
  readonly asked: readonly RequestedAction[]
}

/** Everything reachable, each situation once, and every step from each. */
export function walk(chart: ChartName): { worlds: World[]; steps: WalkedStep[] } {
  const statechart = stepping(chart)
  const begun = statechart.begin({ id: 'x_1' })
  const first: World = {
    snapshot: begun.snapshot,
    now: second(0),
    seq: 1,
    timers: new Map(),
    path: [],
  }
  const worlds: World[] = [first]
  const steps: WalkedStep[] = []
  const met = new Set([situationOf(chart, first)])
  for (const world of worlds) {
    for (const [name, word] of Object.entries(words[chart])) {
      steps.push(take(statechart, world, { by: name, at: plusMs(world.now, 1000), word }))
    }
    for (const [name, dueAt] of world.timers) {
      const at = dueAt > world.now ? dueAt : world.now
      steps.push(take(statechart, world, { by: name, at, word: { type: name } }))
    }
    for (const { to } of steps.slice(-Object.keys(words[chart]).length - world.timers.size)) {
      if (to.snapshot === world.snapshot) continue
      const situation = situationOf(chart, to)
      if (met.has(situation)) continue
      met.add(situation)
      worlds.push(to)
    }
  }
  return { worlds, steps }
}

interface StepInput {
  readonly by: string
  readonly at: Instant
  readonly word: Word
}

function take(statechart: Statechart, from: World, { by, at, word }: StepInput): WalkedStep {
  const { seq } = from
  const version = 'version' in word ? { version: seq } : {}
  const event = { ...word, ...version, at, by: 'test', seq }
  const { snapshot, actions } = statechart.step(from.snapshot, event)
  const timers = new Map(from.timers)
  if (by.startsWith('xstate.')) timers.delete(by)
  for (const { type, params } of actions) arm(timers, { type, params }, at)
  const to = { snapshot, now: at, seq: seq + 1, timers, path: [...from.path, by] }
  return { from, by, event, to, asked: actions.filter(({ type }) => type === 'effect') }
}

function arm(timers: Map<string, Instant>, { type, params }: RequestedAction, at: Instant): void {
  if (typeof params !== 'object' || params === null) return
  if (type === 'xstate.cancel' && 'sendId' in params) timers.delete(String(params.sendId))
  if (type !== 'xstate.raise' || !('id' in params && 'delay' in params)) return
  timers.set(String(params.id), plusMs(at, Math.max(0, Number(params.delay))))
}

function situationOf(chart: ChartName, { snapshot, timers }: World): string {
  const context: unknown = snapshot.context
  return canonical([snapshot.value, marks[chart](context), [...timers.keys()].sort()])
}
