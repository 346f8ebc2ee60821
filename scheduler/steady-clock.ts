import type { Clock } from '../actors/ports.ts'
import { instant, msOf, msPerDay } from '../values/instant.ts'

/** A difference that no sleep of a computer and no correction of its clock explains. */
const leapMs = msPerDay
/** For how long a leap must last before it is believed. */
const trustMs = 15 * 60_000

/**
 * The time of `base`, which a person or a fault may set, for what must not follow every such move.
 *
 * Ahead by up to a day: followed at once, for the computer may have slept. Back by up to a day:
 * goes on at half the pace until `base` has caught up, so that it never goes back and never stands.
 * Further off, either way: goes on by the time that passes, and follows only when `base` has said
 * so for a quarter of an hour: what was set by mistake and corrected has then changed nothing. Only
 * such a correction, believed, goes back.
 */
export function createSteadyClock({
  base,
  elapsedMs,
}: {
  readonly base: Clock
  /** Milliseconds that have passed; nobody can set it. */
  readonly elapsedMs: () => number
}): Clock {
  let ours = msOf(base.now())
  let readAt = elapsedMs()
  let awayMs = 0
  return {
    now() {
      const theirs = msOf(base.now())
      const elapsed = elapsedMs()
      const passed = Math.max(0, elapsed - readAt)
      readAt = elapsed
      const off = theirs - (ours + passed)
      if (Math.abs(off) > leapMs) {
        awayMs += passed
        if (awayMs > trustMs) ours = theirs
        else ours += passed
      } else {
        awayMs = 0
        ours = off >= 0 ? theirs : Math.max(theirs, ours + passed / 2)
      }
      return instant(Math.floor(ours))
    },
  }
}
