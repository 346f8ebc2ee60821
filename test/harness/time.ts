import type { Outbox, TimerIndex } from '../../actors/ports.ts'
import { createTimeTravel } from '../../app/sandbox/time-travel.ts'
import type { TestClock } from '../../scheduler/clock.ts'
import type { StripeTwin } from '../../twins/stripe/twin.ts'
import { plusMs, type Instant } from '../../values/instant.ts'

export interface TimeParts {
  readonly clock: TestClock
  readonly twin: StripeTwin
  readonly store: () => Pick<TimerIndex, 'nextTimerAt'> & Pick<Outbox, 'nextClaimAt'>
  /** One round of what all processes have to do now. */
  readonly work: () => Promise<void>
  /** When anything else wants to do something; null if nothing does. */
  readonly alsoAt?: () => Instant | null
}

/** More rounds at one moment mean that something asks for itself again and again. */
const roundsAtMost = 10_000

/** The system's time: it stops wherever something is due, and goes on when all of that is done. */
export function createTime({ clock, twin, store, work, alsoAt }: TimeParts) {
  async function nextAt(): Promise<Instant | null> {
    const moments = [
      twin.nextJobAt(),
      await store().nextTimerAt(),
      await store().nextClaimAt(),
      alsoAt?.() ?? null,
    ]
    return moments.filter((at) => at !== null).sort()[0] ?? null
  }

  /** Does all that is due now. */
  async function settle(): Promise<void> {
    for (let rounds = 1; ; rounds += 1) {
      await twin.runDue()
      await work()
      const next = await nextAt()
      if (next === null || next > clock.now()) return
      if (rounds > roundsAtMost) {
        throw new Error(`nothing settles at ${clock.now()}: due since ${next}`)
      }
    }
  }

  const travel = createTimeTravel({
    clock: { now: () => clock.now(), moveTo: (to) => clock.advanceTo(to) },
    world: { settle, nextAt },
  })
  return {
    settle,
    /** Lives through the time until `to`, stopping wherever something is due. */
    advanceTo: (to: Instant) => travel.advanceTo(to),
    advanceMs: (ms: number) => travel.advanceTo(plusMs(clock.now(), ms)),
  }
}
