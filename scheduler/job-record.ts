import { isDeepStrictEqual } from 'node:util'
import {
  type JobId,
  type JobParameters,
  type JobRepositoryOptions,
  type RemoveJobsOptions,
  toJobId,
} from 'agenda'
import { z } from 'zod'
import { dateOf } from './clock.ts'

// A job of Agenda's as the embedded file keeps it: one JSON text, dates as ISO 8601, and what is
// not set is absent. All functions here are pure.

/** A job that has been saved. */
export type JobRecord = JobParameters & { readonly _id: JobId }

const when = z.iso.datetime().transform((text) => dateOf(Date.parse(text)))

const JobText: z.ZodType<JobRecord> = z.object({
  _id: z.string().transform(toJobId),
  name: z.string(),
  priority: z.number(),
  type: z.enum(['normal', 'single']),
  data: z.unknown(),
  nextRunAt: when.nullable(),
  lockedAt: when.exactOptional(),
  lastRunAt: when.exactOptional(),
  lastFinishedAt: when.exactOptional(),
  failedAt: when.exactOptional(),
  failCount: z.number().exactOptional(),
  failReason: z.string().exactOptional(),
  progress: z.number().exactOptional(),
  repeatInterval: z.union([z.string(), z.number()]).exactOptional(),
  repeatTimezone: z.string().exactOptional(),
  repeatAt: z.string().exactOptional(),
  disabled: z.boolean().exactOptional(),
  debounceStartedAt: when.exactOptional(),
  lastModifiedBy: z.string().exactOptional(),
  fork: z.boolean().exactOptional(),
  startDate: when.exactOptional(),
  endDate: when.exactOptional(),
  skipDays: z.array(z.number()).exactOptional(),
})

export function recordOf(text: string): JobRecord {
  return JobText.parse(JSON.parse(text))
}

export function textOf(record: JobRecord): string {
  return JSON.stringify(withoutEmpty(record))
}

/**
 * What stands in the file after `job` is saved over `existing`. What only Agenda's processor writes
 * (the lock, the runs, the failures) is kept from `existing` unless `job` brings it: saving a job
 * from outside must not unlock one that is running.
 */
export function savedOver(
  existing: JobRecord | undefined,
  job: JobParameters,
  as: { readonly id: JobId; readonly options: JobRepositoryOptions | undefined },
): JobRecord {
  const given = withoutEmpty(job)
  delete given.unique
  delete given.uniqueOpts
  delete given.lastModifiedBy
  return {
    ...(existing && processorFieldsOf(existing)),
    ...given,
    ...modifiedBy(as.options),
    _id: as.id,
  }
}

/** `existing` with the state of the run that `job` carries: what is not set there is cleared. */
export function stateOf(
  existing: JobRecord,
  job: JobParameters,
  options: JobRepositoryOptions | undefined,
): JobRecord {
  const rest: JobRecord = { ...existing }
  for (const field of processorFields) delete rest[field]
  delete rest.lastModifiedBy
  return {
    ...rest,
    ...processorFieldsOf(job),
    ...modifiedBy(options),
    nextRunAt: job.nextRunAt,
  }
}

export function lockedBy(
  record: JobRecord,
  lockedAt: Date,
  options: JobRepositoryOptions | undefined,
): JobRecord {
  const rest: JobRecord = { ...record }
  delete rest.lastModifiedBy
  return { ...rest, ...modifiedBy(options), lockedAt }
}

export function unlocked(record: JobRecord): JobRecord {
  const rest: JobRecord = { ...record }
  delete rest.lockedAt
  return rest
}

/**
 * A test for the jobs that `options` name, or null if they name none: then nothing may be changed.
 */
export function selectionOf(options: RemoveJobsOptions): ((record: JobRecord) => boolean) | null {
  const tests: ((record: JobRecord) => boolean)[] = []
  const { id, ids, name, names, notNames, data } = options
  if (id) tests.push((record) => record._id === String(id))
  else if (ids && ids.length > 0) tests.push((record) => ids.some((one) => one === record._id))
  if (name) tests.push((record) => record.name === name)
  else if (names && names.length > 0) tests.push((record) => names.includes(record.name))
  else if (notNames && notNames.length > 0) {
    tests.push((record) => !notNames.includes(record.name))
  }
  if (data !== undefined) tests.push((record) => holdsData(record, data))
  return tests.length === 0 ? null : (record) => tests.every((holds) => holds(record))
}

/**
 * True if the job's data is `wanted` or, where that is an object, has all that it has, at any
 * depth.
 */
export function holdsData(record: JobRecord, wanted: unknown): boolean {
  return holds(plain(record.data), plain(wanted))
}

/**
 * True if every path of `unique` (such as `data.account`) has that value in the job.
 * Throws `UnsupportedQuery` for MongoDB's operators: only equality is known here.
 */
export function matchesUnique(record: JobRecord, unique: Record<string, unknown>): boolean {
  const fields = plain(record)
  return Object.entries(unique).every(([path, value]) => {
    refuseOperators(path, value)
    const found = path.split('.').reduce<unknown>(at, fields)
    return isDeepStrictEqual(found ?? null, plain(value))
  })
}

/** A query that only MongoDB can answer. */
export class UnsupportedQuery extends Error {
  override readonly name = 'UnsupportedQuery'
  readonly code = 'unsupported_query'
}

const processorFields = [
  'lockedAt',
  'lastRunAt',
  'lastFinishedAt',
  'failedAt',
  'failCount',
  'failReason',
  'progress',
] as const

function processorFieldsOf(job: JobParameters): Partial<JobParameters> {
  const fields: Partial<JobParameters> = {}
  if (job.lockedAt) fields.lockedAt = job.lockedAt
  if (job.lastRunAt) fields.lastRunAt = job.lastRunAt
  if (job.lastFinishedAt) fields.lastFinishedAt = job.lastFinishedAt
  if (job.failedAt) fields.failedAt = job.failedAt
  if (typeof job.failCount === 'number') fields.failCount = job.failCount
  if (typeof job.failReason === 'string') fields.failReason = job.failReason
  if (typeof job.progress === 'number') fields.progress = job.progress
  return fields
}

function modifiedBy(options: JobRepositoryOptions | undefined): { lastModifiedBy?: string } {
  return options?.lastModifiedBy ? { lastModifiedBy: options.lastModifiedBy } : {}
}

/**
 * A copy without the keys that hold undefined or null, but for the two that may be null by
 * contract.
 */
function withoutEmpty<T extends JobParameters>(job: T): T {
  const copy = { ...job, data: job.data ?? null }
  for (const key of Object.keys(copy)) {
    const mayBeNull = key === 'data' || key === 'nextRunAt'
    if (!mayBeNull && (at(copy, key) ?? null) === null) Reflect.deleteProperty(copy, key)
  }
  return copy
}

function holds(found: unknown, wanted: unknown): boolean {
  if (!isObject(wanted)) return isDeepStrictEqual(found ?? null, wanted)
  return Object.entries(wanted).every(([key, value]) => holds(at(found, key), value))
}

function refuseOperators(path: string, value: unknown): void {
  const isOperator = path.startsWith('$') || (isObject(value) && firstKey(value).startsWith('$'))
  if (isOperator) {
    throw new UnsupportedQuery(`unique(): give the value that ${path} must equal, not an operator`)
  }
}

function firstKey(value: object): string {
  return Object.keys(value)[0] ?? ''
}

function at(value: unknown, key: string): unknown {
  return isObject(value) ? Reflect.get(value, key) : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As it comes back from the file. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null))
}
