import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createStatechart } from '../../actors/decision/statechart.ts'
import { actionText, flatten, guardText, transitionsFrom } from '../../cli/chart-text.ts'
import { machineDocs } from '../../cli/diagrams.ts'
import { charts } from '../../machines/index.ts'
import { chartNames } from './explore.ts'
import shipped from './timers.json' with { type: 'json' }

const nodes = chartNames.flatMap((chart) => flatten(charts[chart].machine.root))

describe('a chart explains itself', () => {
  test('every state says what it is', () => {
    const silent = nodes.filter(({ description }) => (description ?? '').length < 5)
    expect(silent.map(({ id }) => id)).toEqual([])
  })

  test('every guard has a name', () => {
    const nameless = nodes.flatMap((node) =>
      transitionsFrom(node)
        .filter(({ guard }) => guard !== undefined && guardText(guard).includes('anonymous'))
        .map(({ eventType }) => `${node.id} on ${eventType}`),
    )
    expect(nameless).toEqual([])
  })

  test('every action has a name', () => {
    const all = nodes.flatMap((node) => [
      ...[...node.entry, ...node.exit].map((action) => ({ at: node.id, action })),
      ...transitionsFrom(node).flatMap(({ actions, eventType }) =>
        actions.map((action) => ({ at: `${node.id} on ${eventType}`, action })),
      ),
    ])
    // XState's own, which set and cancel a timer, are functions with a type.
    const ours = all.filter(({ action }) => typeof action !== 'function' || !('type' in action))
    const nameless = ours.filter(({ action }) => actionText(action) === 'anonymous')
    expect(nameless.map(({ at }) => at)).toEqual([])
  })

  test('every delay has a name, for it is stored', () => {
    const nameless = nodes
      .flatMap(({ after }) => after)
      .filter(({ delay }) => typeof delay !== 'string')
    expect(nameless.map(({ eventType }) => eventType)).toEqual([])
  })

  test.each(chartNames)('%s begins in a state of its own', (chart) => {
    expect(createStatechart(charts[chart].machine).begin({ id: 'x_1' }).snapshot.status).toBe(
      'active',
    )
  })
})

describe('a timer’s name is kept for ever', () => {
  test('every timer of today is on the list of those that were shipped, and none is missing from it', () => {
    const today = chartNames.flatMap((chart) =>
      createStatechart(charts[chart].machine).timerNames(),
    )
    const renamed = chartNames.flatMap((chart) =>
      charts[chart].migrations.flatMap((migration: { timers?: object }) =>
        Object.keys(migration.timers ?? {}),
      ),
    )
    const hint = 'a new timer is added to test/charts/timers.json; one that goes needs a migration'
    expect([...new Set([...today, ...renamed])].sort(), hint).toEqual(shipped)
  })
})

describe('docs/machines', () => {
  const folder = new URL('../../docs/machines/', import.meta.url)

  test('is what the charts say: npm run diagrams writes it', async () => {
    const pages = machineDocs(charts)
    if (process.env['UPDATE_TABLES'] === '1') {
      for (const [name, text] of pages) await writeFile(new URL(name, folder), text)
    }
    const found = (await readdir(folder)).filter((name) => name.endsWith('.md'))
    expect(found.sort()).toEqual([...pages.keys()].sort())
    for (const [name, text] of pages) {
      expect(await readFile(new URL(name, folder), 'utf8'), name).toBe(text)
    }
  })
})
