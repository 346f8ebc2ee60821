import { describe, expect, test } from 'vitest'
import { type Instant, instant, msOf, msPerDay, msPerHour } from '../values/instant.ts'
import { createSteadyClock } from './steady-clock.ts'

const noon: Instant = '2026-01-31T12:00:00.000Z'
const minute = 60_000
const year = 365 * msPerDay

/**
 * A computer whose clock is `off` at every step; each step takes as long as it says. Answers how
 * far ours is off.
 */
function offOf(steps: readonly { readonly takes: number; readonly off: number }[]): number[] {
  let elapsed = 0
  let off = 0
  const base = { now: () => instant(msOf(noon) + elapsed + off) }
  const clock = createSteadyClock({ base, elapsedMs: () => elapsed })
  return steps.map((step) => {
    elapsed += step.takes
    off = step.off
    return msOf(clock.now()) - msOf(noon) - elapsed
  })
}

describe('race 58: the computer’s clock', () => {
  test('jumps a year ahead and back, and nothing has seen that year', () => {
    const away = Array.from({ length: 10 }, () => ({ takes: minute, off: year }))
    const seen = offOf([{ takes: 0, off: 0 }, ...away, { takes: minute, off: 0 }])
    expect(seen).toEqual(seen.map(() => 0))
  })

  test('is a year off for longer than a mistake lasts, and is believed', () => {
    const away = Array.from({ length: 17 }, () => ({ takes: minute, off: year }))
    expect(offOf(away).at(-1)).toBe(year)
    const back = offOf([...away, ...away.map(({ takes }) => ({ takes, off: 0 }))])
    expect(back.at(-1)).toBe(0)
  })

  test('wakes after a night, and is followed at once', () => {
    expect(offOf([{ takes: 0, off: 8 * msPerHour }])).toEqual([8 * msPerHour])
  })

  test('is set back an hour: ours never goes back, never stands, and meets it', () => {
    const steps = Array.from({ length: 13 }, () => ({ takes: 10 * minute, off: -msPerHour }))
    const seen = offOf(steps)
    const ours = seen.map((off, n) => (n + 1) * 10 * minute + off)
    for (const [n, at] of ours.entries()) expect(at).toBeGreaterThan(ours[n - 1] ?? 0)
    expect(seen.at(-1)).toBe(-msPerHour)
  })
})
