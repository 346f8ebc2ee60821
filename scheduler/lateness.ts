import type { JobWithState } from 'agenda'

export interface WatchedJob {
  readonly name: string
  readonly everyMs: number
  readonly lateMs: number
}

/** What is seen of a job's row. */
export type Signs = Pick<JobWithState, 'lastFinishedAt' | 'lockedAt'>

/** A run may go on for this many times `lateMs` before it is taken for stuck. */
const patience = 10

interface JobSight {
  readonly finished: number | null
  readonly locked: number | null
  /** For how long no run has ended. */
  unendedMs: number
  /**
   * For how long there was no sign of life: no run that ended, and none that refreshed its lock.
   */
  silentMs: number
}

export type Lateness = ReturnType<typeof createLateness>

/**
 * Tells which jobs are late, by how long a watching process has seen no sign of them. Times in the
 * rows are only compared with each other and never with a clock: a clock that jumped, or two that
 * differ, make no job late, and neither does a computer that slept, for `mostMs` at most are
 * counted between two looks.
 */
export function createLateness(elapsedMs: () => number, mostMs: number) {
  const seen = new Map<string, JobSight>()
  let lookedAt = elapsedMs()

  function after(job: WatchedJob, signs: Signs | undefined, passedMs: number): JobSight {
    const before = seen.get(job.name)
    const finished = signs?.lastFinishedAt?.getTime() ?? null
    const locked = signs?.lockedAt?.getTime() ?? null
    if (before === undefined) return { finished, locked, unendedMs: 0, silentMs: 0 }
    const hasEnded = finished !== before.finished
    const isAlive = hasEnded || (locked !== null && locked !== before.locked)
    return {
      finished,
      locked,
      unendedMs: hasEnded ? 0 : before.unendedMs + passedMs,
      silentMs: isAlive ? 0 : before.silentMs + passedMs,
    }
  }

  return {
    /** Takes in all rows at once. Answers whether each job is late. */
    look(
      rows: readonly { readonly job: WatchedJob; readonly signs: Signs | undefined }[],
    ): boolean[] {
      const now = elapsedMs()
      const passedMs = Math.min(now - lookedAt, mostMs)
      lookedAt = now
      return rows.map(({ job, signs }) => {
        const state = after(job, signs, passedMs)
        seen.set(job.name, state)
        return (
          state.silentMs > job.everyMs + job.lateMs ||
          state.unendedMs > job.everyMs + patience * job.lateMs
        )
      })
    },
  }
}
