import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import {
  type JobId,
  type JobParameters,
  type JobRepository,
  type JobRepositoryOptions,
  toJobId,
} from 'agenda'
import { uuidv7 } from 'uuidv7'
import type { Clock } from '../actors/ports.ts'
import { msOf } from '../values/instant.ts'
import { dateOf } from './clock.ts'
import type { JobTable } from './embedded-table.ts'
import { overviewOf, queryOf } from './job-query.ts'
import {
  type JobRecord,
  lockedBy,
  matchesUnique,
  savedOver,
  selectionOf,
  stateOf,
  unlocked,
} from './job-record.ts'
import { uniqueJob } from './unique-job.ts'

/**
 * Agenda's job repository over a table of the embedded file. It behaves as `@agendajs/mongo-
 * backend` does (`test/contract/job-repository.ts`), but for these: saving a job from outside never
 * unlocks a running one, and `unique` knows equality only.
 *
 * The driver is synchronous, so each method first gives the event loop a turn: Agenda calls in a
 * loop. What follows runs in one go, and one process owns the file: no other call can come between.
 */
export function createEmbeddedRepository(ports: {
  readonly table: JobTable
  readonly clock: Clock
}): JobRepository {
  const { table } = ports
  const now = (): Date => dateOf(msOf(ports.clock.now()))
  return {
    async connect() {
      await turnOfTheLoop()
      table.create()
    },
    async queryJobs(options = {}) {
      await turnOfTheLoop()
      return queryOf(table.all(), options, now())
    },
    async getJobsOverview() {
      await turnOfTheLoop()
      return overviewOf(table.all(), now())
    },
    async getDistinctJobNames() {
      await turnOfTheLoop()
      return [...new Set(table.all().map((record) => record.name))]
    },
    async getJobById(id) {
      await turnOfTheLoop()
      return table.byId(id) ?? null
    },
    async getQueueSize() {
      await turnOfTheLoop()
      return table.countDue(now().getTime())
    },
    async saveJob(job, options) {
      await turnOfTheLoop()
      return save({ table, now: now(), options }, job)
    },
    ...locksOf(table, now),
    ...selectionsOf(table),
  }
}

type Locks = Pick<
  JobRepository,
  'saveJobState' | 'lockJob' | 'unlockJob' | 'unlockJobs' | 'getNextJobToRun'
>

function locksOf(table: JobTable, now: () => Date): Locks {
  return {
    async saveJobState(job, options) {
      await turnOfTheLoop()
      const existing = savedJob(table, job)
      if (!existing) throw new JobMissing(`job ${job.name} was removed: define and save it again`)
      table.put(stateOf(existing, job, options))
    },
    async lockJob(job, options) {
      await turnOfTheLoop()
      const existing = savedJob(table, job)
      if (!existing || !isFree(existing, job)) return undefined
      return lock(table, lockedBy(existing, now(), options))
    },
    async unlockJob(job) {
      await turnOfTheLoop()
      const existing = job._id && table.byId(job._id)
      // Without a next run, the job is one that runs once, and is running.
      if (existing && existing.nextRunAt !== null) table.put(unlocked(existing))
    },
    async unlockJobs(ids) {
      await turnOfTheLoop()
      table.atomically(() => {
        for (const id of ids) {
          const existing = table.byId(id)
          if (existing) table.put(unlocked(existing))
        }
      })
    },
    async getNextJobToRun(name, nextScanAt, lockDeadline, lockAt, options) {
      await turnOfTheLoop()
      const found = table.next(name, nextScanAt.getTime(), lockDeadline.getTime())
      return found && lock(table, lockedBy(found, lockAt ?? now(), options))
    },
  }
}

type Selections = Pick<JobRepository, 'removeJobs' | 'disableJobs' | 'enableJobs' | 'purgeAllJobs'>

function selectionsOf(table: JobTable): Selections {
  const change = (records: readonly JobRecord[], each: (record: JobRecord) => void): number => {
    table.atomically(() => records.forEach(each))
    return records.length
  }
  const selected = (options: Parameters<JobRepository['removeJobs']>[0]): JobRecord[] => {
    const isSelected = selectionOf(options)
    return isSelected ? table.all().filter(isSelected) : []
  }
  return {
    async removeJobs(options) {
      await turnOfTheLoop()
      return change(selected(options), (record) => table.remove(record._id))
    },
    async disableJobs(options) {
      await turnOfTheLoop()
      const enabled = selected(options).filter((record) => record.disabled !== true)
      return change(enabled, (record) => table.put({ ...record, disabled: true }))
    },
    async enableJobs(options) {
      await turnOfTheLoop()
      const disabled = selected(options).filter((record) => record.disabled !== false)
      return change(disabled, (record) => table.put({ ...record, disabled: false }))
    },
    async purgeAllJobs() {
      await turnOfTheLoop()
      return change(table.all(), (record) => table.remove(record._id))
    },
  }
}

interface SaveInput {
  readonly table: JobTable
  readonly now: Date
  readonly options: JobRepositoryOptions | undefined
}

function save<DATA>(saving: SaveInput, job: JobParameters<DATA>): JobParameters<DATA> {
  const { table } = saving
  if (job._id) {
    const existing = savedJob(table, job)
    return existing ? put(saving, existing, job) : job
  }
  if (job.type === 'single') {
    const existing = table.named(job.name).find((record) => record.type === 'single')
    const isDue = job.nextRunAt !== null && job.nextRunAt <= saving.now
    // A process that starts says "now" for every recurring job; the run that is planned already
    // stands.
    if (existing && isDue) return put(saving, existing, { ...job, nextRunAt: existing.nextRunAt })
    return put(saving, existing, job)
  }
  const { unique } = job
  if (!unique) return put(saving, undefined, job)
  const existing = table.named(job.name).find((record) => matchesUnique(record, unique))
  const merged = uniqueJob(existing, job, saving.now.getTime())
  if (merged) return put(saving, existing, merged)
  return existing ? { ...job, ...existing, data: job.data } : job
}

function put<DATA>(
  saving: SaveInput,
  existing: JobRecord | undefined,
  job: JobParameters<DATA>,
): JobParameters<DATA> {
  const id: JobId = existing?._id ?? toJobId(uuidv7())
  const record = savedOver(existing, job, { id, options: saving.options })
  saving.table.put(record)
  return { ...job, ...record, data: job.data }
}

function savedJob(table: JobTable, job: JobParameters): JobRecord | undefined {
  const existing = job._id && table.byId(job._id)
  return existing && existing.name === job.name ? existing : undefined
}

function isFree(existing: JobRecord, job: JobParameters): boolean {
  return (
    existing.lockedAt === undefined &&
    existing.disabled !== true &&
    existing.nextRunAt?.getTime() === job.nextRunAt?.getTime()
  )
}

function lock(table: JobTable, record: JobRecord): JobRecord {
  table.put(record)
  return record
}

/** The job that a run belongs to was removed while it ran. */
export class JobMissing extends Error {
  override readonly name = 'JobMissing'
  readonly code = 'job_missing'
}
