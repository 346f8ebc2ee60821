import { Temporal } from 'temporal-polyfill'

/** How often a price bills, as `price.recurring` says it. */
export interface Recurrence {
  readonly interval: 'day' | 'week' | 'month' | 'year'
  readonly interval_count: number
}

/** `[start, end)` in unix seconds. */
export interface Period {
  readonly start: number
  readonly end: number
}

/**
 * The `k`-th bound of the periods that an anchor makes: the anchor plus `k` intervals in UTC,
 * clamped to the month's last day. Computed from the anchor each time: from the bound before,
 * January 31 would drift to the 28th for good.
 */
export function boundary(anchor: number, every: Recurrence, k: number): number {
  const units = k * every.interval_count
  const from = Temporal.Instant.fromEpochMilliseconds(anchor * 1000).toZonedDateTimeISO('UTC')
  return from.add(durationOf(every.interval, units)).epochMilliseconds / 1000
}

function durationOf(interval: Recurrence['interval'], units: number): Temporal.DurationLike {
  const length = {
    day: { days: units },
    week: { weeks: units },
    month: { months: units },
    year: { years: units },
  } satisfies Record<Recurrence['interval'], Temporal.DurationLike>
  return length[interval]
}

const daysOf = { day: 1, week: 7, month: 30.436875, year: 365.2425 } as const

/** The one period of the anchor that holds `at`. A bound belongs to the period that it begins. */
export function periodHolding(anchor: number, every: Recurrence, at: number): Period {
  const length = daysOf[every.interval] * every.interval_count * 86_400
  let k = Math.floor((at - anchor) / length)
  while (boundary(anchor, every, k) > at) k -= 1
  while (boundary(anchor, every, k + 1) <= at) k += 1
  return { start: boundary(anchor, every, k), end: boundary(anchor, every, k + 1) }
}
