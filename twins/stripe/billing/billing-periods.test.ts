import { describe, expect, test } from 'vitest'
import { instantOfSeconds } from '../../../values/instant.ts'
import { boundary, periodHolding, type Recurrence } from './billing-periods.ts'

const seconds = (day: string): number => Date.parse(`${day}T12:00:00Z`) / 1000
const dayOf = (at: number): string => instantOfSeconds(at).slice(0, 10)

const month = { interval: 'month', interval_count: 1 } as const
const quarter = { interval: 'month', interval_count: 3 } as const
const year = { interval: 'year', interval_count: 1 } as const
const fortnight = { interval: 'week', interval_count: 2 } as const
const day = { interval: 'day', interval_count: 1 } as const

interface Case {
  anchor: string
  every: Recurrence
  bounds: string
  why: string
}

const cases: Case[] = [
  {
    anchor: '2027-01-31',
    every: month,
    bounds: '2027-01-31 2027-02-28 2027-03-31 2027-04-30 2027-05-31',
    why: 'a common year clamps and comes back to the 31st',
  },
  {
    anchor: '2028-01-31',
    every: month,
    bounds: '2028-01-31 2028-02-29 2028-03-31',
    why: 'a leap year has a 29th',
  },
  {
    anchor: '2028-02-29',
    every: year,
    bounds: '2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29',
    why: 'a leap day returns after four years',
  },
  {
    anchor: '2027-08-31',
    every: quarter,
    bounds: '2027-08-31 2027-11-30 2028-02-29 2028-05-31',
    why: 'three months at a time',
  },
  {
    anchor: '2026-12-25',
    every: fortnight,
    bounds: '2026-12-25 2027-01-08 2027-01-22',
    why: 'weeks cross a year',
  },
  { anchor: '2028-02-28', every: day, bounds: '2028-02-28 2028-02-29 2028-03-01', why: 'days' },
]

describe('billing periods', () => {
  test.each(cases)('M4 bounds from $anchor are computed from the anchor: $why', (row) => {
    const bounds = row.bounds.split(' ')
    const found = bounds.map((_, k) => dayOf(boundary(seconds(row.anchor), row.every, k)))
    expect(found).toEqual(bounds)
  })

  test.each(cases)('M4 periods from $anchor tile: $why', (row) => {
    const anchor = seconds(row.anchor)
    let at = anchor
    for (let k = 0; k < 60; k += 1) {
      const period = periodHolding(anchor, row.every, at)
      expect(period.start).toBe(at)
      expect(period.end).toBe(boundary(anchor, row.every, k + 1))
      expect(periodHolding(anchor, row.every, period.end - 1)).toEqual(period)
      at = period.end
    }
  })

  test('M4 a moment before the anchor lies in the period that ends there', () => {
    const anchor = seconds('2027-03-31')
    const before = periodHolding(anchor, month, seconds('2027-03-15'))
    expect([dayOf(before.start), dayOf(before.end)]).toEqual(['2027-02-28', '2027-03-31'])
  })
})
