import type { Clock } from '../../actors/ports.ts'
import { msOf, msPerDay, plusMs, type Instant } from '../../values/instant.ts'

/** What shares the sandbox's time: the simulated providers, and the platform itself. */
export interface SandboxWorld {
  /** Does all that is due now; resolves when nothing is left for this moment. */
  settle(): Promise<void>
  /** The next moment at which something will be due; null if nothing is planned. */
  nextAt(): Promise<Instant | null>
}

export interface SandboxClock extends Clock {
  /** Forward only. */
  moveTo(to: Instant): void
}

/** Where the clock was asked to go back. */
export class TravelBackwards extends Error {
  override readonly name = 'TravelBackwards'
  readonly code = 'clock_backwards'
}

/** Where the clock was asked to go further than one journey may. */
export class TravelTooFar extends Error {
  override readonly name = 'TravelTooFar'
  readonly code = 'clock_too_far'
  /** The farthest that it may go now. */
  readonly latest: Instant

  constructor(latest: Instant) {
    super(`must lead no further than ${latest}: one journey takes 20 years at the most`)
    this.latest = latest
  }
}

/** All that comes due on the way is lived through: a journey of centuries would never end. */
const journeyMs = 20 * 366 * msPerDay
/**
 * No journey goes beyond: what is planned from there must still be an instant, which ends with
 * 9999.
 */
const endOfTime: Instant = '9000-01-01T00:00:00.000Z'

/** A running clock moves while a request for "now" is on its way. */
const graceMs = 5_000

/**
 * Moves the whole sandbox forward, stopping at every moment on the way at which something is due,
 * so that a month that is skipped leaves what a month that was lived would.
 */
export function createTimeTravel({ clock, world }: { clock: SandboxClock; world: SandboxWorld }) {
  let under = Promise.resolve()

  function latest(): Instant {
    const now = clock.now()
    const leftMs = msOf(endOfTime) - msOf(now)
    return plusMs(now, Math.max(0, Math.min(journeyMs, leftMs)))
  }

  async function travel(to: Instant): Promise<void> {
    if (to > latest()) throw new TravelTooFar(latest())
    if (plusMs(to, graceMs) < clock.now()) {
      throw new TravelBackwards(`the sandbox is at ${clock.now()} already, later than ${to}`)
    }
    await world.settle()
    for (;;) {
      const next = await world.nextAt()
      if (next === null || next > to) break
      if (next > clock.now()) clock.moveTo(next)
      await world.settle()
    }
    if (to > clock.now()) clock.moveTo(to)
    await world.settle()
  }

  return {
    /**
     * One journey at a time, in the order of the calls. Rejects with `TravelBackwards` if `to` is
     * in the past, and with `TravelTooFar` if it is more than 20 years ahead; then nothing has
     * moved.
     */
    advanceTo(to: Instant): Promise<{ readonly now: Instant }> {
      const journey = under.then(() => travel(to))
      under = journey.catch(() => {})
      return journey.then(() => ({ now: clock.now() }))
    },
  }
}
