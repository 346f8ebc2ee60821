import type { JobParameters } from 'agenda'
import { dateOf } from './clock.ts'
import type { JobRecord } from './job-record.ts'

/**
 * The job to save where one with the same `unique` value may exist, or null if the existing one
 * stays as it is (`insertOnly`). Debouncing: `leading` keeps the first run's time, `trailing` moves
 * it on to `delay` ms from `nowMs` with each save, until `maxWait` ms after the first save it is
 * due at once.
 */
export function uniqueJob<DATA>(
  existing: JobRecord | undefined,
  job: JobParameters<DATA>,
  nowMs: number,
): JobParameters<DATA> | null {
  const debounce = job.uniqueOpts?.debounce
  if (!debounce) return existing && job.uniqueOpts?.insertOnly ? null : job
  const now = dateOf(nowMs)
  const later = dateOf(nowMs + debounce.delay)
  const isLeading = debounce.strategy === 'leading'
  if (!existing)
    return { ...job, nextRunAt: isLeading ? job.nextRunAt : later, debounceStartedAt: now }
  const startedAt = existing.debounceStartedAt ?? now
  if (isLeading) return { ...job, nextRunAt: existing.nextRunAt, debounceStartedAt: startedAt }
  const waitedMs = nowMs - startedAt.getTime()
  if (debounce.maxWait && waitedMs >= debounce.maxWait) return dueNow(job, now)
  return { ...job, nextRunAt: later, debounceStartedAt: startedAt }
}

/** The wait is over, so that the next save begins a new one. */
function dueNow<DATA>(job: JobParameters<DATA>, now: Date): JobParameters<DATA> {
  const rest = { ...job, nextRunAt: now }
  delete rest.debounceStartedAt
  return rest
}
