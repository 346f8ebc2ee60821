import type { JobRepository, JobWithState } from 'agenda'
import type { Clock, Log } from '../actors/ports.ts'
import { type Instant, instant, msOf } from '../values/instant.ts'
import { dateOf } from './clock.ts'
import type { Lateness } from './lateness.ts'

/**
 * A job that all processes share: one row in Agenda's store, run by whichever process takes it
 * first.
 */
export interface Job<Name extends string = string> {
  readonly name: Name
  /** From the beginning of one run to the beginning of the next, in milliseconds. */
  readonly everyMs: number
  /**
   * How long after its last sign of life a process that runs it is taken for dead, in milliseconds.
   */
  readonly lockMs: number
  /**
   * How long after its time a sign of it may be missing (a run that ended, or one that goes on and
   * says so) before that is reported, in milliseconds.
   */
  readonly lateMs: number
  /** Run in each process that starts, without waiting for what a dead one may have locked. */
  readonly runsOnStart: boolean
  /** May run in several processes at once, but not twice at once in one. Ends early on `signal`. */
  run(signal: AbortSignal): Promise<void>
}

export interface JobHealth {
  readonly name: string
  /** When a run last ended, well or not, in any process; null if none has. */
  readonly finishedAt: Instant | null
  /** What the last run failed with; null if it did not. */
  readonly failure: string | null
  readonly isLate: boolean
}

/** Plans a job from now on at its interval: `agenda.every`. */
type Plan = (job: Job) => Promise<unknown>

/**
 * Sees to it that `job` has one row, that its next run is no further than one interval away and
 * that its lock is not from the future. Needed because Agenda plans by the computer's clock, which
 * may have been ahead when the row was written; because an interval may have changed since; and
 * because two processes that start at once on MongoDB can both insert the row.
 */
export async function tend(
  job: Job,
  ports: {
    readonly repository: JobRepository
    readonly clock: Clock
    readonly log: Log
    readonly plan: Plan
  },
): Promise<void> {
  const { repository, clock, log } = ports
  const [row, ...doubles] = await rowsOf(job, repository)
  if (doubles.length > 0) {
    log.warn('job.doubled', { job: job.name, removed: doubles.length })
    await repository.removeJobs({ ids: doubles.map((double) => double._id) })
  }
  if (!row || row.repeatInterval !== job.everyMs) await ports.plan(job)
  if (!row) return
  const nowMs = msOf(clock.now())
  if (row.lockedAt) {
    if (row.lockedAt.getTime() > nowMs + job.lockMs) await repository.unlockJobs([row._id])
  } else if (isAstray(row, nowMs + job.everyMs)) {
    log.warn('job.brought_forward', { job: job.name, from: row.nextRunAt?.toISOString() ?? null })
    await repository.saveJobState({ ...row, nextRunAt: dateOf(nowMs) }, undefined)
  }
}

/** How each job fares by its row, in the jobs' order; `lateness` keeps what was seen before. */
export async function healthOf(
  jobs: readonly Job[],
  { repository, lateness }: { repository: JobRepository; lateness: Lateness },
): Promise<JobHealth[]> {
  const found = await Promise.all(jobs.map((job) => rowsOf(job, repository)))
  const rows = jobs.map((job, index) => ({ job, signs: found[index]?.[0] }))
  const late = lateness.look(rows)
  return rows.map(({ job, signs: row }, index) => {
    const finishedMs = row?.lastFinishedAt?.getTime() ?? null
    const hasFailed = row?.failedAt !== undefined && row.failedAt.getTime() === finishedMs
    return {
      name: job.name,
      finishedAt: finishedMs === null ? null : instant(finishedMs),
      failure: hasFailed ? (row.failReason ?? 'unknown') : null,
      isLate: late[index] ?? false,
    }
  })
}

/** The smallest id first, so that all processes keep the same row of two. */
async function rowsOf(job: Job, repository: JobRepository): Promise<JobWithState[]> {
  const { jobs } = await repository.queryJobs({ name: job.name })
  return jobs.filter((row) => row.type === 'single').toSorted((a, b) => (a._id < b._id ? -1 : 1))
}

function isAstray(row: JobWithState, latestMs: number): boolean {
  return row.nextRunAt === null || row.nextRunAt.getTime() > latestMs
}
