import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { charts } from '../../machines/index.ts'
import { chartNames } from './explore.ts'
import { tableOf } from './tables.ts'
import { words } from './words.ts'

const update = process.env['UPDATE_TABLES'] === '1'

describe('the table of every state and event', () => {
  test.each(chartNames)('of %s is as it was checked in', async (chart) => {
    const file = new URL(`tables/${chart}.md`, import.meta.url)
    const table = tableOf(chart)
    if (update) await writeFile(file, table)
    expect(table, 'UPDATE_TABLES=1 npx vitest run test/charts/tables.test.ts').toBe(
      await readFile(file, 'utf8'),
    )
  })

  test.each(chartNames)(
    'of %s tells of every event that its schema knows, and of no other',
    (chart) => {
      const told = new Set(Object.values(words[chart]).map(({ type }) => type))
      const known = charts[chart].events.options.map(({ shape }) => shape.type.value)
      expect([...told].sort()).toEqual([...new Set<string>(known)].sort())
    },
  )

  test.each(chartNames)('of %s tells only what its schema takes', (chart) => {
    for (const word of Object.values(words[chart])) {
      expect(charts[chart].events.safeParse(word).error).toBeUndefined()
    }
  })
})
