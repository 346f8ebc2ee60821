import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { AnyStateNode } from 'xstate'
import { charts } from '../../machines/index.ts'
import { canonical } from '../../values/json.ts'
import { chartNames, type ChartName } from './explore.ts'
import { isOursAlone, resting } from './resting.ts'
import { stepping } from './step.ts'
import { regionsOf, tableOf } from './tables.ts'
import { walk, type Situation } from './walk.ts'

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

function leavesIn({ snapshot }: Situation): string[] {
  return Object.entries(regionsOf(snapshot.value)).map(([region, leaf]) =>
    region === 'state' ? leaf : `${region}.${leaf}`,
  )
}

/** True if a timer of this leaf, or of a state that holds it, is armed. */
function isTimed(chart: ChartName, leaf: string, { timers }: Situation): boolean {
  return [...timers.keys()].some((name) => {
    const path = name.slice(name.indexOf(`.${chart}.`) + chart.length + 2)
    return leaf === path || leaf.startsWith(`${path}.`)
  })
}

describe.each(chartNames)('the paths of %s', (chart) => {
  test('reach every state', () => {
    const reached = new Set(walkOf(chart).situations.flatMap(leavesIn))
    const unreached = leavesOf(charts[chart].machine.root).filter((leaf) => !reached.has(leaf))
    expect(unreached).toEqual([])
  })

  test('end only where an actor may rest, or where a timer will wake it', () => {
    const stuck = new Map<string, readonly string[]>()
    for (const situation of walkOf(chart).situations) {
      for (const leaf of leavesIn(situation)) {
        const mayRest = leaf in resting[chart] || `state.${leaf}` in resting[chart]
        if (leaf === 'record.keeping' || mayRest || isTimed(chart, leaf, situation)) continue
        stuck.set(leaf, situation.path)
      }
    }
    expect([...stuck]).toEqual([])
  })

  test('are in the table of every state and event, as it was checked in', async () => {
    const file = new URL(`../../docs/machines/tables/${chart}.md`, import.meta.url)
    const table = tableOf(chart, walkOf(chart).steps)
    if (process.env['UPDATE_TABLES'] === '1') await writeFile(file, table)
    expect(table, 'UPDATE_TABLES=1 npx vitest run test/charts/paths.test.ts').toBe(
      await readFile(file, 'utf8'),
    )
  })

  test('lead from an end to nothing but an end', () => {
    const known: Readonly<Record<string, string>> = resting[chart]
    const isEnd = (region: string, leaf: string | undefined) =>
      known[`${region}.${leaf}`] === 'nothing: the end'
    const steps = walkOf(chart).steps.filter(({ from }) => !isOursAlone(chart, from))
    const left = steps.flatMap(({ from, to, by }) => {
      const after = regionsOf(to.snapshot.value)
      return Object.entries(regionsOf(from.snapshot.value))
        .filter(([region, leaf]) => isEnd(region, leaf) && !isEnd(region, after[region]))
        .map(([region, leaf]) => `${region}.${leaf} on ${by}, to ${after[region]}`)
    })
    expect([...new Set(left)]).toEqual([])
  })

  test('are the same after a restart at any point', () => {
    const chartOf = stepping(chart)
    // Every situation with a fifth of its steps: what is restored is one thing for all of them.
    const steps = walkOf(chart).steps.filter((_, index) => index % 5 === 0)
    for (const { from, event, to, asked } of steps) {
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
