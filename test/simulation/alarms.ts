import { z } from 'zod'
import type { Charts } from '../../actors/decision/chart.ts'
import type { Clock, Log } from '../../actors/ports.ts'
import { charts } from '../../machines/index.ts'
import type { Instant } from '../../values/instant.ts'
import { brokenSays } from './broken-performer.ts'

/** What the log must never hold, whatever the weather: each is a bug, or work for a person. */
export interface Alarm {
  readonly event: string
  readonly fields: unknown
}

/** Said as errors while the store is away, and over by themselves when it is back. */
const passing: ReadonlySet<string> = new Set(['reconcile.ingest_failed'])

const Parked = z.object({ effect: z.string(), kind: z.string(), error: z.string() })

const ofAll: Charts = charts
/** The kinds that move money or end something: they are never given up for want of an answer. */
const keptUp = new Set(Object.values(ofAll).flatMap(({ wanted }) => Object.keys(wanted ?? {})))

/** An effect that was given up. */
export interface GivenUp {
  readonly id: string
  readonly kind: string
  readonly error: string
  readonly at: Instant
}

/** A log of which only the alarms are kept, and every effect that was parked. */
export function createAlarms(clock: Clock) {
  const alarms: Alarm[] = []
  const parkedEver: GivenUp[] = []
  let hasOutages = false

  /** It was parked by a fault that is part of the story. */
  function isOfStory({ kind, error }: z.infer<typeof Parked>): boolean {
    if (error.includes(brokenSays)) return true
    return hasOutages && !keptUp.has(kind) && /^\d+ tries: /.test(error)
  }

  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error(event, fields) {
      if (passing.has(event)) return
      if (event === 'effect.parked') {
        const parked = Parked.parse(fields)
        const { effect: id, kind, error } = parked
        parkedEver.push({ id, kind, error, at: clock.now() })
        if (isOfStory(parked)) return
      }
      alarms.push({ event, fields })
    },
  }
  return {
    log,
    alarms,
    parkedEver,
    /** From now on the provider may be away for longer than the tries last. */
    expectOutages(): void {
      hasOutages = true
    },
  }
}
