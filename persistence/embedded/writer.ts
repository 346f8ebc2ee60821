import type { Database } from './driver.ts'

/** Commits the writes of many callers in one transaction, so that they share one sync of the disk. */
export interface Writer {
  /**
   * Runs `work` in the next group; resolves when it is on the disk. If `work` throws, only its own writes are
   * undone; if the commit fails, all of the group reject.
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

export function createWriter(database: Database): Writer {
  let waiting: Job[] = []

  const commitAll = (jobs: readonly Job[]): readonly Job[] => {
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

  const commit = (jobs: readonly Job[]): readonly Job[] => {
    const [only] = jobs
    if (only === undefined || jobs.length > 1) return commitAll(jobs)
    database.transaction(() => only.run())
    return jobs
  }

  const flush = () => {
    const jobs = waiting
    waiting = []
    if (jobs.length === 0) return
    try {
      for (const job of commit(jobs)) job.resolve()
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
