import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { JobRepository } from 'agenda'
import type { Log } from '../actors/ports.ts'

export interface GuardedRepository {
  readonly repository: JobRepository
  /** From now on no job is taken to be run. */
  takeNoMore(): void
  /**
   * Resolves when no call is under way and none follows from one: the database may be closed then.
   */
  readonly quiet: () => Promise<void>
}

/**
 * The repository that Agenda is given. Agenda does not wait for all of its own calls: one that is
 * still under way when it has stopped would meet a closed database, and an unlocking that fails
 * would end the process as an unhandled rejection.
 */
export function guardRepository(inner: JobRepository, log: Log): GuardedRepository {
  const underWay = new Set<Promise<unknown>>()
  let mayTake = true

  async function tracked<T>(call: Promise<T>): Promise<T> {
    underWay.add(call)
    try {
      return await call
    } finally {
      underWay.delete(call)
    }
  }

  const repository: JobRepository = {
    connect: () => tracked(inner.connect()),
    queryJobs: (options) => tracked(inner.queryJobs(options)),
    getJobsOverview: () => tracked(inner.getJobsOverview()),
    getDistinctJobNames: () => tracked(inner.getDistinctJobNames()),
    getJobById: (id) => tracked(inner.getJobById(id)),
    getQueueSize: () => tracked(inner.getQueueSize()),
    removeJobs: (options) => tracked(inner.removeJobs(options)),
    saveJob: (job, options) => tracked(inner.saveJob(job, options)),
    saveJobState: (job, options) => tracked(inner.saveJobState(job, options)),
    lockJob: (job, options) => tracked(inner.lockJob(job, options)),
    unlockJobs: (ids) => tracked(inner.unlockJobs(ids)),
    disableJobs: (options) => tracked(inner.disableJobs(options)),
    enableJobs: (options) => tracked(inner.enableJobs(options)),
    purgeAllJobs: () => tracked(inner.purgeAllJobs()),
    async unlockJob(job) {
      try {
        await tracked(inner.unlockJob(job))
      } catch (error) {
        log.warn('job.unlock_failed', { job: job.name, error: String(error) })
      }
    },
    async getNextJobToRun(name, nextScanAt, lockDeadline, now, options) {
      if (!mayTake) return undefined
      return tracked(inner.getNextJobToRun(name, nextScanAt, lockDeadline, now, options))
    },
  }
  return {
    repository,
    takeNoMore() {
      mayTake = false
    },
    async quiet() {
      // A call that ends may lead to the next one within the same turn of the loop, never later.
      await turnOfTheLoop()
      while (underWay.size > 0) {
        await Promise.allSettled(underWay)
        await turnOfTheLoop()
      }
    },
  }
}
