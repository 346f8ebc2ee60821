import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { Instant, instant, msOf } from './instant.ts'

/** Half-open: `start` belongs to it, `end` does not. */
export const Period = z.object({ start: Instant, end: Instant })
export type Period = z.infer<typeof Period>

/** How far apart two periods begin: `intervalCount` days, weeks, months or years. */
export interface Interval {
  readonly interval: 'day' | 'week' | 'month' | 'year'
  readonly intervalCount: number
}

const unit = { day: 'days', week: 'weeks', month: 'months', year: 'years' } as const

/**
 * The start of period `k` (from 0): the anchor plus k intervals, the day clamped to the month's
 * last. Always computed from the anchor and never from the period before, so that 31 January gives
 * 28 February and then 31 March (docs.stripe.com/billing/subscriptions/billing-cycle). UTC.
 */
export function periodStart(
  anchorAt: Instant,
  { interval, intervalCount }: Interval,
  k: number,
): Instant {
  const anchor = Temporal.Instant.fromEpochMilliseconds(msOf(anchorAt)).toZonedDateTimeISO('UTC')
  const start = anchor.add({ [unit[interval]]: intervalCount * k }, { overflow: 'constrain' })
  return instant(start.epochMilliseconds)
}

/** Period `k` of an anchor: half-open, so that periods tile without gap or overlap. */
export function periodOf(anchorAt: Instant, interval: Interval, k: number): Period {
  return {
    start: periodStart(anchorAt, interval, k),
    end: periodStart(anchorAt, interval, k + 1),
  }
}
