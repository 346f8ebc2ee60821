import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { periodOf, periodStart } from './calendar.ts'
import { instant, isInstant, msOf, type Instant } from './instant.ts'

function at(day: string): Instant {
  const text = `${day}T00:00:00.000Z`
  if (!isInstant(text)) throw new Error(text)
  return text
}

describe('a period starts so many intervals after the anchor, never after the period before', () => {
  test.each`
    why                                          | anchor          | interval   | count | starts
    ${'the 31st through a common year'}          | ${'2026-01-31'} | ${'month'} | ${1}  | ${['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']}
    ${'the 31st through a leap year'}            | ${'2028-01-31'} | ${'month'} | ${1}  | ${['2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30']}
    ${'the 30th, which February has not'}        | ${'2026-12-30'} | ${'month'} | ${1}  | ${['2026-12-30', '2027-01-30', '2027-02-28', '2027-03-30']}
    ${'29 February, yearly'}                     | ${'2028-02-29'} | ${'year'}  | ${1}  | ${['2028-02-29', '2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29']}
    ${'31 August, quarterly'}                    | ${'2027-08-31'} | ${'month'} | ${3}  | ${['2027-08-31', '2027-11-30', '2028-02-29', '2028-05-31']}
    ${'31 August, half-yearly'}                  | ${'2026-08-31'} | ${'month'} | ${6}  | ${['2026-08-31', '2027-02-28', '2027-08-31', '2028-02-29']}
    ${'weeks know no months'}                    | ${'2026-12-28'} | ${'week'}  | ${2}  | ${['2026-12-28', '2027-01-11', '2027-01-25']}
    ${'days of UTC, where no clock is put back'} | ${'2026-03-28'} | ${'day'}   | ${1}  | ${['2026-03-28', '2026-03-29', '2026-03-30']}
  `('$why', ({ anchor, interval, count, starts }) => {
    const sold = { interval, intervalCount: count }
    const found = starts.map((_: string, k: number) => periodStart(at(anchor), sold, k))
    expect(found).toEqual(starts.map(at))
  })

  test('the time of day is the anchor’s', () => {
    const anchor = instant(Date.UTC(2026, 0, 31, 23, 59, 58, 7))
    const { end } = periodOf(anchor, { interval: 'month', intervalCount: 1 }, 0)
    expect(end).toBe('2026-02-28T23:59:58.007Z')
  })
})

test('M4 periods tile: each begins where the one before ended, and none is empty', () => {
  const sold = fc.record({
    interval: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'year' as const),
    intervalCount: fc.integer({ min: 1, max: 12 }),
  })
  const anchors = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) }).map(instant)
  fc.assert(
    fc.property(anchors, sold, fc.integer({ min: 0, max: 60 }), (anchor, interval, k) => {
      const [one, next] = [periodOf(anchor, interval, k), periodOf(anchor, interval, k + 1)]
      expect(next.start).toBe(one.end)
      expect(msOf(one.end)).toBeGreaterThan(msOf(one.start))
    }),
  )
})
