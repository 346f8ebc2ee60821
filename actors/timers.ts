import type { Instant } from '../values/instant.ts'
import type { Chart, Charts } from './decision/chart.ts'
import type { Decider } from './decision/decide.ts'
import type { Envelope } from './journal/envelope.ts'
import type { Limits } from './limits.ts'
import type { Clock, DueTimer, Log, TimerIndex } from './ports.ts'
import { createStatechart } from './decision/statechart.ts'
import type { TellOutcome } from './tell-outcome.ts'
import { namesUnknownTo, SnapshotTooNew } from './decision/upgrade.ts'

// A7 A timer acts only for the entry that set it: its envelope names that entry, and `decide`
//    compares. Fired by two processes, or twice by one, it is one envelope id.

/** Armed timers that no chart would take: their actors would wait for ever. Start-up is refused. */
export class UnknownTimers extends Error {
  override readonly name = 'UnknownTimers'
  readonly code = 'unknown_timers'
  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    const hint =
      'add the old names to a migration (`timers`), or deploy the release that knows them'
    super(`armed timers that no chart knows: ${names.join(', ')}; ${hint}`)
    this.names = names
  }
}

/**
 * Every timer name that actors of this chart can set: stored data, so a test keeps all that were
 * ever shipped.
 */
export function timerNamesOf(chart: Chart): readonly string[] {
  return createStatechart(chart.machine).timerNames()
}

export interface TimersOptions {
  readonly store: TimerIndex
  readonly charts: Charts
  readonly decider: Decider
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  tell(envelope: Envelope): Promise<TellOutcome>
}

export function createTimers(options: TimersOptions) {
  const { store, decider, clock, limits, log } = options

  async function fire(timer: DueTimer, now: Instant): Promise<TellOutcome['outcome'] | 'too_new'> {
    try {
      return (await options.tell(envelopeOf(timer, now))).outcome
    } catch (error) {
      // A process of the newer release fires it; the others of this batch are not held up.
      if (error instanceof SnapshotTooNew) return 'too_new'
      throw error
    }
  }

  return {
    /**
     * Fires what is due now, and what becomes due by that, until nothing is left but timers whose
     * actors take nothing at present. Answers how many were taken. Any number of processes may do
     * this at once.
     */
    async fireDueTimers(): Promise<number> {
      const left = new Set<string>()
      let fired = 0
      for (let batch = 0; batch < limits.timerBatches; batch += 1) {
        const now = clock.now()
        // Those left over stand first in the list, and must not hide the ones behind them.
        const due = await store.dueTimers(now, limits.timersPerBatch + left.size)
        const fresh = due.filter((timer) => !left.has(keyOf(timer))).slice(0, limits.timersPerBatch)
        if (fresh.length === 0) return fired
        const outcomes = await Promise.all(fresh.map((one) => fire(one, now)))
        outcomes.forEach((outcome, index) => {
          const timer = fresh[index]
          if (outcome === 'committed') fired += 1
          // Whatever became of it, the same timer is not fired twice in one run.
          if (timer !== undefined) left.add(keyOf(timer))
        })
      }
      log.error('timers.endless', { batches: limits.timerBatches, fired })
      return fired
    },

    /** Rejects with UnknownTimers if a timer is armed that today's charts do not know. */
    async checkTimers(): Promise<void> {
      const armed = await store.armedTimerNames()
      const unknown = namesUnknownTo(options.charts, (type) => decider.timerNames(type), armed)
      if (unknown.length > 0) throw new UnknownTimers(unknown)
    },
  }
}

function keyOf({ instance, name }: DueTimer): string {
  return `timer:${instance}:${name}`
}

/**
 * It happened when it was due, however late the process that notices: so timers that follow from it
 * keep time.
 */
function envelopeOf(timer: DueTimer, now: Envelope['receivedAt']): Envelope {
  const id = keyOf(timer)
  return {
    id,
    to: timer.actor,
    event: { type: timer.name, instance: timer.instance },
    source: 'timer',
    occurredAt: timer.dueAt,
    receivedAt: now,
    causationId: timer.instance,
    correlationId: id,
    principal: 'timer',
  }
}
