import type { Clock } from '../actors/ports.ts'
import { type Instant, instant, msOf } from '../values/instant.ts'
import { createSteadyClock } from './steady-clock.ts'

// The only file that reads the computer's clock, and the only one that makes a `Date` for Agenda.

/** A clock that a person moves. */
export interface TestClock extends Clock {
  /**
   * Moves to `to`. Throws `ClockBackwards` if that is before `now()`; the same instant changes
   * nothing.
   */
  advanceTo(to: Instant): void
}

/** A clock that runs, ahead of the one below it. */
export interface ShiftedClock extends Clock {
  /**
   * Jumps ahead to `to` and runs on from there. Throws `ClockBackwards` if that is before `now()`.
   */
  shiftTo(to: Instant): void
  /** How far ahead it is, in milliseconds: kept across restarts by whoever owns the clock. */
  offsetMs(): number
}

/** The system's time: `createSteadyClock` over the computer's clock. */
export function systemClock(): Clock {
  return createSteadyClock({ base: computerClock(), elapsedMs })
}

/**
 * What the computer's clock says, right or wrong: for what compares with others that read it, such
 * as Agenda.
 */
export function computerClock(): Clock {
  return { now: () => instant(Date.now()) }
}

/**
 * Milliseconds of this process's life: never back, and never ahead because somebody set a clock.
 */
export function elapsedMs(): number {
  return performance.now()
}

/** Stands still at `start` until it is moved. */
export function createTestClock(start: Instant): TestClock {
  let at = start
  return {
    now: () => at,
    advanceTo(to) {
      refuseBackwards(at, to)
      at = to
    },
  }
}

/**
 * Runs as `base` does, `offsetMs` ahead of it: the sandbox of a running server, where a month is
 * skipped but seconds go on passing. Throws RangeError if the offset is negative or no integer.
 */
export function createShiftedClock(options: {
  readonly base: Clock
  readonly offsetMs: number
}): ShiftedClock {
  const { base } = options
  let offset = options.offsetMs
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError(`a clock's offset is a whole number of milliseconds from 0, got ${offset}`)
  }
  const now = (): Instant => instant(msOf(base.now()) + offset)
  return {
    now,
    shiftTo(to) {
      const from = now()
      refuseBackwards(from, to)
      offset += msOf(to) - msOf(from)
    },
    offsetMs: () => offset,
  }
}

/** The `Date` that Agenda wants for a moment given in milliseconds since 1970. */
export function dateOf(ms: number): Date {
  return new Date(ms)
}

/** Time cannot be taken back: what was decided in it is committed. */
export class ClockBackwards extends Error {
  override readonly name = 'ClockBackwards'
  readonly code = 'clock_backwards'
}

function refuseBackwards(from: Instant, to: Instant): void {
  if (to < from) {
    throw new ClockBackwards(`the clock stands at ${from}: move it to that or later, not to ${to}`)
  }
}
