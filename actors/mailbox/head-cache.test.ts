import { expect, test } from 'vitest'
import { add, counters } from '../../test/contract/runtime-given.ts'
import { createHeads } from './head-cache.ts'
import { replay } from '../decision/replay.ts'

test('only so many heads are kept; the one that was used least recently goes first', () => {
  const heads = createHeads(2)
  const [a, b, c] = replay(counters, [
    add(1, 'e1', 'counter/a'),
    add(1, 'e2', 'counter/b'),
    add(1, 'e3', 'counter/c'),
  ]).map((entry) => ({ entry, rows: [] }))
  for (const one of [a, b]) if (one !== undefined) heads.set(one)
  expect(heads.get('counter/a')).toBe(a)
  if (c !== undefined) heads.set(c)
  expect(heads.get('counter/b')).toBeNull()
  expect(heads.get('counter/a')).toBe(a)
  expect(heads.get('counter/c')).toBe(c)
})
