import { describe, expect, test } from 'vitest'
import { type Instant, isInstant } from '../values/instant.ts'
import { ClockBackwards, createShiftedClock, createTestClock, systemClock } from './clock.ts'

const noon: Instant = '2026-01-31T12:00:00.000Z'
const evening: Instant = '2026-01-31T18:00:00.000Z'

describe('a test clock', () => {
  test('stands still until it is moved, and then stands there', () => {
    const clock = createTestClock(noon)
    expect(clock.now()).toBe(noon)
    clock.advanceTo(evening)
    expect(clock.now()).toBe(evening)
  })

  test('refuses to go back and stays where it is', () => {
    const clock = createTestClock(evening)
    expect(() => clock.advanceTo(noon)).toThrow(ClockBackwards)
    expect(clock.now()).toBe(evening)
  })

  test('may be moved to where it stands', () => {
    const clock = createTestClock(noon)
    clock.advanceTo(noon)
    expect(clock.now()).toBe(noon)
  })
})

describe('a shifted clock', () => {
  test('jumps ahead and runs on from there', () => {
    const base = createTestClock(noon)
    const clock = createShiftedClock({ base, offsetMs: 0 })
    clock.shiftTo(evening)
    base.advanceTo('2026-01-31T12:00:01.000Z')
    expect(clock.now()).toBe('2026-01-31T18:00:01.000Z')
  })

  test('tells its offset, from which another clock goes on at the same time', () => {
    const base = createTestClock(noon)
    const first = createShiftedClock({ base, offsetMs: 1000 })
    first.shiftTo(evening)
    expect(first.offsetMs()).toBe(6 * 3_600_000)
    expect(createShiftedClock({ base, offsetMs: first.offsetMs() }).now()).toBe(evening)
  })

  test('refuses to go back and stays where it is', () => {
    const clock = createShiftedClock({ base: createTestClock(evening), offsetMs: 0 })
    expect(() => clock.shiftTo(noon)).toThrow(ClockBackwards)
    expect(clock.now()).toBe(evening)
  })

  test.each`
    offsetMs      | why
    ${-1}         | ${'it may not be behind'}
    ${0.5}        | ${'an instant has whole milliseconds'}
    ${Number.NaN} | ${'it must be a number'}
  `('refuses an offset of $offsetMs: $why', ({ offsetMs }: { offsetMs: number }) => {
    expect(() => createShiftedClock({ base: createTestClock(noon), offsetMs })).toThrow(RangeError)
  })
})

test('the system’s clock gives instants in the order in which they are read', () => {
  const clock = systemClock()
  const first = clock.now()
  expect(isInstant(first)).toBe(true)
  expect(clock.now() >= first).toBe(true)
})
