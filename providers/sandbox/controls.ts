import type { Clock } from '../../actors/ports.ts'
import { plusMs, type Instant } from '../../machines/instant.ts'

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

/** A running clock moves while a request for "now" is on its way. */
const graceMs = 5_000

/**
 * Moves the whole sandbox forward, stopping at every moment on the way at which something is due, so that a
 * month that is skipped leaves what a month that was lived would. No limit on how far.
 */
export function createTimeTravel({ clock, world }: { clock: SandboxClock; world: SandboxWorld }) {
  let under = Promise.resolve()

  async function travel(to: Instant): Promise<void> {
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
     * One journey at a time, in the order of the calls. Rejects with `TravelBackwards` if `to` is in the past.
     */
    advanceTo(to: Instant): Promise<{ readonly now: Instant }> {
      const journey = under.then(() => travel(to))
      under = journey.catch(() => {})
      return journey.then(() => ({ now: clock.now() }))
    },
  }
}
