import type { Database } from './driver.ts'

/**
 * Commits the writes of many callers in one transaction, so that they share one sync of the disk.
 */
export interface Writer {
  /**
   * Runs `work` in the next group; resolves when it is on the disk. If `work` throws, only its own
   * writes are undone; if the commit fails, all of the group reject. If one of a group throws, the
   * others are run again after all was undone: `work` leaves traces in the database alone.
   */
  write<T>(work: () => T): Promise<T>
  /** Commits what waits, now. */
  flush(): void
}

interface Job {
  run(): void
  resolve(): void
  reject(error: unknown): void
}

/** @param afterCommit called when a group is on the disk */
export function createWriter(database: Database, afterCommit: () => void): Writer {
  let waiting: Job[] = []

  /** Each job by itself, so that those that throw are undone alone. Answers those that did not. */
  const commitEach = (jobs: readonly Job[]): readonly Job[] => {
    const done: Job[] = []
    database.transaction(() => {
      for (const job of jobs) {
        try {
          database.transaction(() => job.run())
          done.push(job)
        } catch (error) {
          job.reject(error)
        }
      }
    })
    return done
  }

  /** All jobs as one: a savepoint for each would cost more than most of them. */
  const commit = (jobs: readonly Job[]): readonly Job[] => {
    const group = { isWhole: false }
    try {
      database.transaction(() => {
        for (const job of jobs) job.run()
        group.isWhole = true
      })
      return jobs
    } catch (error) {
      // A commit that failed is not tried again: who knows what of it is on the disk.
      if (group.isWhole || jobs.length === 1) throw error
      return commitEach(jobs)
    }
  }

  const flush = () => {
    const jobs = waiting
    waiting = []
    if (jobs.length === 0) return
    try {
      for (const job of commit(jobs)) job.resolve()
      afterCommit()
    } catch (error) {
      for (const job of jobs) job.reject(error)
    }
  }

  return {
    write<T>(work: () => T): Promise<T> {
      return new Promise((resolve, reject) => {
        let result: { value: T } | null = null
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({
          run: () => {
            result = { value: work() }
          },
          resolve: () => {
            if (result !== null) resolve(result.value)
          },
          reject,
        })
      })
    },
    flush,
  }
}
