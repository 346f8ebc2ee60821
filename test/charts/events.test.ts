import { describe, expect, test } from 'vitest'
import { charts } from '../../machines/index.ts'
import { chartNames } from './explore.ts'
import { events } from './events.ts'

describe.each(chartNames)('what these tests tell an actor of type %s', (chart) => {
  test('is every event that its schema knows, and no other', () => {
    const told = new Set(Object.values(events[chart]).map(({ type }) => type))
    const known = charts[chart].events.options.map(({ shape }) => shape.type.value)
    expect([...told].sort()).toEqual([...new Set<string>(known)].sort())
  })

  test('is what its schema takes', () => {
    for (const event of Object.values(events[chart])) {
      expect(charts[chart].events.safeParse(event).error).toBeUndefined()
    }
  })
})
