import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantOfSeconds } from '../values/instant.ts'
import { canonical } from '../values/json.ts'
import {
  type Observation,
  type Weight,
  isTaken,
  isTied,
  observedOf,
  progressOf,
  weigh,
} from './observation.ts'

interface Facts {
  status: string
  note: number
}

const progress = progressOf<Facts>(['open', 'failed', 'closed'], ['closed'])

function webhook(at: number, status: string, note = 0): Observation<Facts> {
  return { facts: { status, note }, at: instantOfSeconds(at), read: null, seq: 1 }
}

describe('a word is weighed against what is known', () => {
  test.each<{
    why: string
    known: Observation<Facts> | null
    word: Observation<Facts>
    is: Weight
  }>([
    { why: 'nothing is known', known: null, word: webhook(1, 'open'), is: 'newer' },
    { why: 'a later second', known: webhook(1, 'open'), word: webhook(2, 'failed'), is: 'newer' },
    {
      why: 'an earlier second',
      known: webhook(2, 'open'),
      word: webhook(1, 'failed'),
      is: 'stale',
    },
    {
      why: 'the same, told twice',
      known: webhook(1, 'open'),
      word: webhook(1, 'open'),
      is: 'same',
    },
    {
      why: 'an end beats what is later',
      known: webhook(9, 'failed'),
      word: webhook(1, 'closed'),
      is: 'newer',
    },
    {
      why: 'nothing undoes an end',
      known: webhook(1, 'closed'),
      word: webhook(9, 'open'),
      is: 'stale',
    },
    {
      why: 'in one second the one further along stands, until a read decides',
      known: webhook(1, 'open'),
      word: webhook(1, 'failed'),
      is: 'tied_over',
    },
    {
      why: 'and the same the other way round',
      known: webhook(1, 'failed'),
      word: webhook(1, 'open'),
      is: 'tied_under',
    },
    {
      why: 'a read beats all that was known when it was asked for',
      known: { ...webhook(5, 'failed'), seq: 3 },
      word: { ...webhook(4, 'open'), read: 3, seq: 4 },
      is: 'newer',
    },
    {
      why: 'what came after a read was asked for may be newer than it',
      known: { ...webhook(5, 'failed'), seq: 4 },
      word: { ...webhook(4, 'open'), read: 3, seq: 5 },
      is: 'stale',
    },
    {
      why: 'a read that was asked for earlier is older',
      known: { ...webhook(5, 'failed'), read: 4, seq: 6 },
      word: { ...webhook(5, 'open'), read: 3, seq: 7 },
      is: 'stale',
    },
    {
      why: 'between a read and a webhook of its second only another read can tell',
      known: { ...webhook(5, 'open'), read: 2, seq: 3 },
      word: { ...webhook(5, 'failed'), seq: 4 },
      is: 'tied_under',
    },
  ])('$why: $is', ({ known, word, is }) => {
    expect(weigh(known, word, progress)).toBe(is)
  })

  test('every multiset of webhooks has one winner, whatever the order in which they come', () => {
    const word = fc
      .tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom('open', 'failed', 'closed'),
        fc.integer({ min: 0, max: 2 }),
      )
      .map(([at, status, note]) => webhook(at, status, note))
    const shuffled = fc
      .array(word, { minLength: 1, maxLength: 12 })
      .chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      )
    fc.assert(
      fc.property(shuffled, ([some, others]) => {
        expect(winnerOf(others)).toBe(winnerOf(some))
      }),
    )
  })
})

function winnerOf(words: readonly Observation<Facts>[]): string {
  let known: Observation<Facts> | null = null
  for (const word of words) {
    if (isTaken(weigh(known, word, progress))) known = observedOf(known, word)
  }
  return canonical(known)
}

describe('what is kept', () => {
  test('of a read is no earlier than what it beats, for its own time is a lower bound', () => {
    const kept = observedOf(webhook(5, 'open'), { ...webhook(4, 'failed'), read: 1 })
    expect(kept.at).toBe(instantOfSeconds(5))
  })

  test('of a webhook is its own time', () => {
    expect(observedOf(webhook(5, 'open'), webhook(4, 'closed')).at).toBe(instantOfSeconds(4))
  })
})

test('a tie is taken or not, and asks for a read in both cases', () => {
  expect([isTied('tied_over'), isTied('tied_under'), isTied('newer')]).toEqual([true, true, false])
  expect([isTaken('tied_over'), isTaken('tied_under'), isTaken('same')]).toEqual([
    true,
    false,
    false,
  ])
})

test('equal facts are equal text, however their keys are ordered', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }], a: null })).toBe(
    canonical({ a: null, b: [{ c: 2, d: 1 }] }),
  )
})
