import type { Agenda, JobParameters, JobRepository } from 'agenda'
import { z } from 'zod'
import { type Instant, msOf, msPerHour } from '../values/instant.ts'
import { type Gate, gateOf } from './gate.ts'
import { processorOf, whileLocked } from './lock.ts'

// A run that is asked for at once goes through a row that only the asking process takes: a
// recurring row may be locked by another process just then, and moving its time would be lost at
// that run's end.

export interface Waker {
  readonly define: (lockMs: number) => void
  /** Resolves when Agenda has been asked for the run, or when one is coming anyway. */
  readonly wake: (job: string) => Promise<void>
}

const prefix = 'wake@'
const WakeRow = z.object({ job: z.string() })

export function createWaker(of: {
  readonly agenda: Agenda
  readonly gates: ReadonlyMap<string, Gate>
  /** Names this process and this start of it. */
  readonly instance: string
}): Waker {
  const { agenda, gates } = of
  const name = `${prefix}${of.instance}`
  const asked = new Set<string>()
  return {
    define(lockMs) {
      const options = { concurrency: gates.size, lockLifetime: lockMs, removeOnComplete: true }
      const serve = processorOf(async (row) => {
        const { job } = WakeRow.parse(row.attrs.data)
        asked.delete(job)
        // Its failure is logged, and told to who asked, by the gate; a row that fails is never
        // removed.
        await whileLocked(row, lockMs, () => gateOf(gates, job).serve()).catch(() => {})
      })
      agenda.define(name, serve, options)
    },
    async wake(job) {
      const gate = gateOf(gates, job)
      void gate.ask()
      if (gate.isBusy() || asked.has(job)) return
      asked.add(job)
      try {
        await agenda.now(name, { job })
      } catch (error) {
        asked.delete(job)
        throw error
      }
    },
  }
}

/** Removes what processes that died had asked for: nobody else takes it. */
export async function sweepWakeRows(repository: JobRepository, now: Instant): Promise<void> {
  const { jobs } = await repository.queryJobs({ search: prefix })
  const longAgoMs = msOf(now) - msPerHour
  const ids = jobs.filter((row) => seenMs(row) < longAgoMs).map((row) => row._id)
  if (ids.length > 0) await repository.removeJobs({ ids })
}

function seenMs(row: JobParameters): number {
  return (row.lockedAt ?? row.nextRunAt ?? row.lastRunAt)?.getTime() ?? 0
}
