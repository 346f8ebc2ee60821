import { describe, expect, test } from 'vitest'
import { createTestClock } from '../../scheduler/clock.ts'
import { plusDays, type Instant } from '../../values/instant.ts'
import { createTimeTravel } from './time-travel.ts'

/** A sandbox in which something is due on every day of `due`. */
function openTravel(beginsAt: Instant, due: readonly Instant[] = []) {
  const clock = createTestClock(beginsAt)
  const settledAt: Instant[] = []
  const travel = createTimeTravel({
    clock: { now: () => clock.now(), moveTo: (to) => clock.advanceTo(to) },
    world: {
      settle: async () => void settledAt.push(clock.now()),
      nextAt: async () => due.find((at) => at > clock.now()) ?? null,
    },
  })
  return { clock, settledAt, travel }
}

const begin: Instant = '2027-01-01T00:00:00.000Z'

describe('a journey', () => {
  test('stops wherever something is due', async () => {
    const due = [plusDays(begin, 2), plusDays(begin, 9)]
    const { travel, settledAt } = openTravel(begin, due)
    const end = plusDays(begin, 5)
    expect(await travel.advanceTo(end)).toEqual({ now: end })
    expect(settledAt).toEqual([begin, plusDays(begin, 2), end])
  })

  test.each`
    from                          | to                            | code                 | why
    ${begin}                      | ${'2026-12-31T00:00:00.000Z'} | ${'clock_backwards'} | ${'time does not go back'}
    ${begin}                      | ${'2048-01-01T00:00:00.000Z'} | ${'clock_too_far'}   | ${'more than 20 years would not end'}
    ${begin}                      | ${'9999-12-31T23:59:59.999Z'} | ${'clock_too_far'}   | ${'nothing could be planned from there'}
    ${'8999-12-31T00:00:00.000Z'} | ${'9000-01-01T00:00:00.001Z'} | ${'clock_too_far'}   | ${'nor by many small journeys'}
  `('is refused before anything moves: $why', async ({ from, to, code }) => {
    const { clock, travel, settledAt } = openTravel(from)
    await expect(travel.advanceTo(to)).rejects.toMatchObject({ code })
    expect([clock.now(), settledAt]).toEqual([from, []])
    expect(await travel.advanceTo(from)).toEqual({ now: from })
  })
})
