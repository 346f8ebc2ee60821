import { describe, expect, test } from 'vitest'
import { plusMs, type Instant } from '../../../values/instant.ts'
import type { Delivery, OpenEffect, ParkedEffect } from '../documents/documents.ts'
import {
  broughtForward,
  claimed,
  parked,
  settled,
  unparked,
  withDueAt,
  type ClaimHolder,
} from './delivery.ts'

const minute = (n: number): Instant => plusMs('2026-01-01T00:00:00.000Z', n * 60_000)
const charge = 'invoice/in_1#1.1'
const note = 'invoice/in_1#1.2'

function open(change: Partial<OpenEffect> = {}): OpenEffect {
  return {
    id: charge,
    place: 0,
    lane: 'external',
    at: minute(1),
    tries: 0,
    attempt: 1,
    firstTriedAt: null,
    holder: null,
    lastError: null,
    ...change,
  }
}

const told = open({ id: note, place: 1, lane: 'internal', at: minute(2) })

function delivery(...effects: readonly OpenEffect[]): Delivery {
  return withDueAt({ rev: 'r1', open: effects, parked: [] })
}

const ours: ClaimHolder = { holder: 'ours', now: minute(5), endsAt: minute(10) }
const held = open({ tries: 1, firstTriedAt: minute(5), holder: 'ours', at: minute(10) })

describe('each lane is due with the earliest of its open effects', () => {
  test.each([
    { why: 'one of each', effects: [open(), told], external: minute(1), internal: minute(2) },
    { why: 'two of one', effects: [open(), open({ at: minute(0) })], external: minute(0) },
    { why: 'none', effects: [] },
  ])('$why', ({ effects, external, internal }) => {
    const { externalDueAt, internalDueAt } = delivery(...effects)
    expect([externalDueAt, internalDueAt]).toEqual([external, internal])
  })
})

describe('a claim', () => {
  test('holds the places that it names until it ends, and counts a try', () => {
    const after = claimed(delivery(open(), told), new Set([0]), ours)
    expect(after.open).toEqual([held, told])
    expect(after.externalDueAt).toBe(minute(10))
  })

  test('holds everything where it names no place', () => {
    const { open: all } = claimed(delivery(open(), told), null, ours)
    expect(all.map(({ holder, tries }) => [holder, tries])).toEqual([
      ['ours', 1],
      ['ours', 1],
    ])
  })

  test('keeps when the effect was first tried', () => {
    const tried = open({ tries: 1, firstTriedAt: minute(3) })
    expect(claimed(delivery(tried), null, ours).open).toMatchObject([
      { tries: 2, firstTriedAt: minute(3) },
    ])
  })
})

const again = {
  outcome: 'retry',
  at: minute(20),
  error: 'busy',
  tries: 1,
  attempt: 2,
  firstTriedAt: null,
} as const
const givenUp = { outcome: 'parked', at: minute(6), error: 'bug' } as const
const retried = open({
  at: minute(20),
  tries: 1,
  attempt: 2,
  lastError: 'busy',
})
const inParking: ParkedEffect = {
  id: charge,
  place: 0,
  lane: 'external',
  tries: 1,
  attempt: 1,
  firstTriedAt: minute(5),
  error: 'bug',
  parkedAt: minute(6),
  order: 7,
}

describe('a settlement', () => {
  const theirs = { ...held, holder: 'theirs' }
  const left = { open: [], parked: [] }
  test.each([
    { why: 'done: it is gone', of: held, says: { outcome: 'done' }, is: left },
    { why: 'done, whoever holds it', of: theirs, says: { outcome: 'done' }, is: left },
    { why: 'to be retried', of: held, says: again, is: { open: [retried], parked: [] } },
    { why: 'given up', of: held, says: givenUp, is: { open: [], parked: [inParking] } },
    {
      why: 'to be retried, whose claim has been set free',
      of: { ...held, holder: null },
      says: again,
      is: { open: [retried], parked: [] },
    },
  ] as const)('$why', ({ of, says, is }) => {
    const after = settled(delivery(of, told), { ...says, id: charge }, { holder: 'ours', order: 7 })
    expect(after).toEqual(withDueAt({ rev: 'r1', open: [...is.open, told], parked: is.parked }))
  })

  test.each([
    { why: 'a retry of what another has claimed since', of: theirs, says: again },
    { why: 'a parking of what another has claimed since', of: theirs, says: givenUp },
    { why: 'a retry of what is gone', of: told, says: again },
    { why: 'done, of what is gone', of: told, says: { outcome: 'done' } },
  ] as const)('changes nothing: $why', ({ of, says }) => {
    const before = delivery(of)
    expect(settled(before, { ...says, id: charge }, { holder: 'ours', order: 7 })).toBe(before)
  })

  test('keeps what became of it, and nothing where it is settled twice', () => {
    const says = { id: charge, outcome: 'done', result: { seen: true } } as const
    const once = settled(delivery(held), says, { holder: 'ours', order: 7 })
    expect(once.results).toEqual([{ id: charge, result: { seen: true } }])
    expect(settled(once, says, { holder: 'ours', order: 7 })).toBe(once)
  })
})

test('what became of one effect stands beside what became of another', () => {
  const says = (id: typeof charge | typeof note) =>
    ({ id, outcome: 'done', result: { of: id } }) as const
  const by = { holder: 'ours', order: 7 }
  const both = settled(settled(delivery(held, told), says(charge), by), says(note), by)
  expect(both.results?.map(({ id }) => id)).toEqual([charge, note])
})

describe('what is parked', () => {
  const parking = parked(delivery(held), { id: charge, at: minute(6), error: 'bug', order: 7 })

  test('keeps its place where it is parked again', () => {
    const twice = parked(parking, { id: charge, at: minute(8), error: 'another', order: 9 })
    expect(twice.parked).toEqual([{ ...inParking, parkedAt: minute(8), error: 'another' }])
  })

  test('is due when a person says so, as one that may have been done', () => {
    const free = unparked(parking, charge, { at: minute(30), by: 'ann' })
    const effect = open({
      at: minute(30),
      tries: 1,
      firstTriedAt: minute(5),
      lastError: 'bug',
      retried: { times: 1, at: minute(30), by: 'ann' },
    })
    expect(free).toEqual(delivery(effect))
    expect(unparked(free, charge, { at: minute(31), by: 'ann' })).toBe(free)
  })

  test('is done with where it turns out to have been done', () => {
    const says = { id: charge, outcome: 'done' } as const
    expect(settled(parking, says, { holder: 'ours', order: 8 }).parked).toEqual([])
  })
})

describe('after a clock that was wrong', () => {
  test('what is due too far ahead is due now, and was not first tried in the future', () => {
    const far = open({ at: minute(50), firstTriedAt: minute(40), holder: 'ours', tries: 1 })
    const near = { ...told, at: minute(20), firstTriedAt: minute(1) }
    const after = broughtForward(delivery(far, near), minute(5), minute(30))
    expect(after).toEqual(
      delivery({ ...far, at: minute(5), firstTriedAt: minute(5), holder: null }, near),
    )
  })

  test('nothing changes where nothing is due so late', () => {
    const before = delivery(open({ at: minute(30) }))
    expect(broughtForward(before, minute(5), minute(30))).toBe(before)
  })
})
