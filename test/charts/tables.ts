import { charts } from '../../machines/index.ts'
import type { ChartName } from './explore.ts'
import type { WalkedStep } from './walk.ts'

/** A region's name to the state that it is in: `{ status: 'open.idle', record: 'keeping' }`. */
export function regionsOf(value: unknown): Record<string, string> {
  if (typeof value === 'string') return { state: value }
  if (typeof value !== 'object' || value === null) return {}
  const regions = Object.entries(value)
  // A chart without regions whose state has states of its own.
  if (regions.length === 1) return { state: leafOf(value) }
  return Object.fromEntries(regions.map(([region, inner]) => [region, leafOf(inner)]))
}

function leafOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([state, inner]) => `${state}.${leafOf(inner)}`)
    .join()
}

/** What one step does to one region. */
function outcomeOf(
  chart: ChartName,
  { from, event, to, asked }: WalkedStep,
  region: string,
): string {
  const requests: ReadonlySet<string> = charts[chart].requests
  const isNo = asked.some(({ params }) => JSON.stringify(params).includes('"kind":"refuse"'))
  if (isNo || (requests.has(event.type) && !from.snapshot.can(event))) return 'refused'
  if (to.snapshot === from.snapshot && asked.length === 0) return '–'
  const [before, after] = [regionsOf(from.snapshot.value), regionsOf(to.snapshot.value)]
  return before[region] === after[region] ? '·' : (after[region] ?? '')
}

const legend = `Generated from the chart by walking everything that it can come to. For each region there is one table: a
row is something that the actor is told (its type, and what is special about it; \`after …\` is a timer of
the chart), a column is a state of the region, and a cell is what then becomes of that state:

- \`–\` nothing at all changes, in no region, and nothing is asked for: it is recorded, and that is all;
- \`·\` this region stays where it is, though something is kept or asked for, or another region moves;
- \`refused\` a request that is answered with a no;
- a state: the region goes there;
- empty: it cannot happen there (a timer that this state does not set).

Where a cell has several, it depends on what is known besides. Every event in these tables is newer
than all that is known; that a stale or doubled one changes nothing is proven by
\`confluence.property.test.ts\`.
To write the tables again after a change to a chart: \`UPDATE_TABLES=1 npx vitest run test/charts/paths.test.ts\`.
`

/** The whole table of one chart, as Markdown. */
export function tableOf(chart: ChartName, steps: readonly WalkedStep[]): string {
  const first = steps[0]?.from.snapshot.value
  const regions = Object.keys(regionsOf(first)).filter((region) => region !== 'record')
  const parts = regions.map((region) => regionTable(chart, region, steps))
  return [`# Every state and every event of ${chart}\n`, legend, ...parts, askedTable(steps)].join(
    '\n',
  )
}

function regionTable(chart: ChartName, region: string, steps: readonly WalkedStep[]): string {
  const cells = new Map<string, Map<string, Set<string>>>()
  const states = new Set<string>()
  for (const step of steps) {
    const state = regionsOf(step.from.snapshot.value)[region] ?? ''
    states.add(state)
    const row = cells.get(step.by) ?? new Map<string, Set<string>>()
    cells.set(step.by, row)
    row.set(state, (row.get(state) ?? new Set()).add(outcomeOf(chart, step, region)))
  }
  const columns = [...states]
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  const rows = [...cells].sort(([a], [b]) => Number(isTimer(a)) - Number(isTimer(b)))
  return [
    `## ${region}\n`,
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map(([by, row]) =>
      line([nameOf(by), ...columns.map((state) => [...(row.get(state) ?? [])].sort().join(', '))]),
    ),
    '',
  ].join('\n')
}

/** By what each kind of effect is asked for. */
function askedTable(steps: readonly WalkedStep[]): string {
  const kinds = new Map<string, Set<string>>()
  for (const { by, asked } of steps) {
    for (const { params } of asked) {
      if (typeof params !== 'object' || params === null || !('kind' in params)) continue
      const kind = String(params.kind)
      kinds.set(kind, (kinds.get(kind) ?? new Set()).add(nameOf(by)))
    }
  }
  const rows = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    '## What it asks for\n',
    '| effect | at |',
    '| --- | --- |',
    ...rows.map(([kind, at]) => `| ${kind} | ${[...at].sort().join(', ')} |`),
    '',
  ].join('\n')
}

function isTimer(name: string): boolean {
  return name.startsWith('xstate.after.')
}

function nameOf(by: string): string {
  return isTimer(by) ? by.replace('xstate.', '').replace('.', ' ') : by
}
