import { describe, expect, test } from 'vitest'
import type { AnyStateNode } from 'xstate'
import { createStatechart } from '../../actors/statechart.ts'
import { charts } from '../../machines/index.ts'
import { canonical } from '../../machines/observation.ts'
import { resting } from './resting.ts'
import { regionsOf } from './tables.ts'
import { walk, type World } from './walk.ts'
import { chartNames, type ChartName } from './explore.ts'

const walked = new Map(chartNames.map((chart) => [chart, walk(chart)]))

function walkOf(chart: ChartName) {
  const found = walked.get(chart)
  if (found === undefined) throw new Error(`${chart} was not walked`)
  return found
}

/** `status.open.idle` for every state that has none below it. */
function leavesOf(node: AnyStateNode): string[] {
  const children: AnyStateNode[] = Object.values(node.states)
  if (children.length > 0) return children.flatMap(leavesOf)
  return [node.path.join('.')]
}

function leavesIn({ snapshot }: World): string[] {
  return Object.entries(regionsOf(snapshot.value)).map(([region, leaf]) =>
    region === 'state' ? leaf : `${region}.${leaf}`,
  )
}

/** True if a timer of this leaf, or of a state that holds it, is armed. */
function isTimed(chart: ChartName, leaf: string, { timers }: World): boolean {
  return [...timers.keys()].some((name) => {
    const path = name.slice(name.indexOf(`.${chart}.`) + chart.length + 2)
    return leaf === path || leaf.startsWith(`${path}.`)
  })
}

describe.each(chartNames)('the paths of %s', (chart) => {
  test('reach every state', () => {
    const reached = new Set(walkOf(chart).worlds.flatMap(leavesIn))
    const unreached = leavesOf(charts[chart].machine.root).filter((leaf) => !reached.has(leaf))
    expect(unreached).toEqual([])
  })

  test('end only where an actor may rest, or where a timer will wake it', () => {
    const stuck = new Map<string, readonly string[]>()
    for (const world of walkOf(chart).worlds) {
      for (const leaf of leavesIn(world)) {
        const mayRest = leaf in resting[chart] || `state.${leaf}` in resting[chart]
        if (leaf === 'record.keeping' || mayRest || isTimed(chart, leaf, world)) continue
        stuck.set(leaf, world.path)
      }
    }
    expect([...stuck]).toEqual([])
  })

  test('are the same after a restart at any point', () => {
    const chartOf = createStatechart(charts[chart].machine)
    for (const { from, event, to, asked } of walkOf(chart).steps) {
      const told = {
        ...event,
        at: to.now,
        by: 'test',
        seq: from.seq,
        ...versioned(event, from.seq),
      }
      const again = chartOf.step(chartOf.restore(chartOf.persist(from.snapshot)), told)
      const effects = again.actions.filter(({ type }) => type === 'effect')
      expect(textOf(again.snapshot, effects)).toBe(textOf(to.snapshot, asked))
    }
  })
})

function versioned(event: object, version: number) {
  return 'version' in event ? { version } : {}
}

function textOf(snapshot: { value: unknown; context: unknown }, asked: unknown): string {
  return canonical([snapshot.value, snapshot.context, asked])
}
