import { z } from 'zod'

/**
 * A moment in UTC with milliseconds, always written the same way (`2026-01-31T00:00:00.000Z`), so
 * that comparing two as strings compares them as times. The form is ISO 8601's and
 * `Date.toISOString`'s.
 */
export type Instant = `${number}-${number}-${number}T${number}:${number}:${number}Z`

const form = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}\.\d{3}Z$/

/** False too of a day that its month has not, such as 30 February. */
export function isInstant(value: unknown): value is Instant {
  if (typeof value !== 'string' || !form.test(value)) return false
  const ms = Date.parse(value)
  // Such a day is read as one of the next month; no other can be, and printing costs more than
  // reading.
  return value.slice(8, 10) > '28' ? isPrintedAs(ms, value) : !Number.isNaN(ms)
}

function isPrintedAs(ms: number, text: string): boolean {
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text
}

export const Instant = z.custom<Instant>(isInstant, {
  error: 'must be a UTC instant with milliseconds, such as 2026-01-31T00:00:00.000Z',
})

/** The instant `ms` milliseconds after 1970. Throws RangeError outside the years 0 to 9999. */
export function instant(ms: number): Instant {
  const text = new Date(ms).toISOString()
  if (!isFourDigitYear(text)) throw new RangeError(`no instant at ${ms} ms`)
  return text
}

/** Of what a date has printed, years outside 0 to 9999 take more than four digits. */
function isFourDigitYear(printed: string): printed is Instant {
  return printed.length === 24
}

/** The instant `seconds` after 1970, the unit of every Stripe timestamp. */
export function instantOfSeconds(seconds: number): Instant {
  return instant(seconds * 1000)
}

export function msOf(at: Instant): number {
  return Date.parse(at)
}

/** Whole seconds since 1970, rounded down: what Stripe would print for this instant. */
export function secondsOf(at: Instant): number {
  return Math.floor(msOf(at) / 1000)
}

export function plusMs(at: Instant, ms: number): Instant {
  return instant(msOf(at) + ms)
}

/** From `since` to `at`, in milliseconds; 0 where there is no `since`. */
export function msSince(since: Instant | null, at: Instant): number {
  return since === null ? 0 : msOf(at) - msOf(since)
}

export const msPerHour = 3_600_000
export const msPerDay = 24 * msPerHour

export function plusDays(at: Instant, days: number): Instant {
  return plusMs(at, days * msPerDay)
}
