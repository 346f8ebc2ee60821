import {
  type JobWithState,
  type JobsOverview,
  type JobsQueryOptions,
  type JobsResult,
  type JobsSort,
  computeJobState,
} from 'agenda'
import { type JobRecord, holdsData } from './job-record.ts'

// Lists of jobs. They are made in memory: the embedded file holds a handful of jobs, never one for
// each subscription.

export function queryOf(
  records: readonly JobRecord[],
  options: JobsQueryOptions,
  now: Date,
): JobsResult {
  const found = records
    .filter((record) => isAsked(record, options))
    .map((record): JobWithState => ({ ...record, state: computeJobState(record, now) }))
    .filter((job) => hasState(job, options.state))
    .toSorted(orderOf(options.sort))
  const from = options.skip ?? 0
  const until = options.limit ? from + options.limit : found.length
  return { jobs: found.slice(from, until), total: found.length }
}

/** How many jobs of each name are in each state; a disabled one counts as paused besides. */
export function overviewOf(records: readonly JobRecord[], now: Date): JobsOverview[] {
  const overviews = new Map<string, JobsOverview>()
  for (const record of records) {
    const overview = overviews.get(record.name) ?? emptyOverview(record.name)
    overview.total += 1
    overview[computeJobState(record, now)] += 1
    if (record.disabled) overview.paused += 1
    overviews.set(record.name, overview)
  }
  return [...overviews.values()]
}

function isAsked(record: JobRecord, options: JobsQueryOptions): boolean {
  return (
    hasName(record, options) &&
    hasId(record, options) &&
    (options.data === undefined || holdsData(record, options.data)) &&
    (options.includeDisabled !== false || record.disabled !== true)
  )
}

/** A search for a part of the name takes the place of the other conditions on it. */
function hasName(record: JobRecord, { search, name, names }: JobsQueryOptions): boolean {
  if (search) return record.name.toLowerCase().includes(search.toLowerCase())
  if (name) return record.name === name
  return !names || names.length === 0 || names.includes(record.name)
}

function hasId(record: JobRecord, { id, ids }: JobsQueryOptions): boolean {
  if (id) return record._id === id
  return !ids || ids.length === 0 || ids.includes(record._id)
}

function hasState(job: JobWithState, state: JobsQueryOptions['state']): boolean {
  if (state === undefined) return true
  return state === 'paused' ? job.disabled === true : job.state === state
}

const sortable = ['nextRunAt', 'lastRunAt', 'lastFinishedAt', 'priority', 'name', 'data'] as const

function orderOf(sort: JobsSort | undefined): (a: JobRecord, b: JobRecord) => number {
  const asked = sortable.filter((field) => sort?.[field] !== undefined)
  const order: JobsSort = sort && asked.length > 0 ? sort : { nextRunAt: 'desc', lastRunAt: 'desc' }
  return (a, b) => {
    for (const field of sortable) {
      const direction = order[field]
      if (direction === undefined) continue
      const compared = compare(rank(a[field]), rank(b[field]))
      if (compared !== 0) return direction === 'asc' ? compared : -compared
    }
    return 0
  }
}

/** What is not set comes first, as in MongoDB. */
function compare(a: number | string | null, b: number | string | null): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  return a < b ? -1 : 1
}

function rank(value: unknown): number | string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number' || typeof value === 'string') return value
  return JSON.stringify(value)
}

function emptyOverview(name: string): JobsOverview {
  return {
    name,
    total: 0,
    running: 0,
    scheduled: 0,
    queued: 0,
    completed: 0,
    failed: 0,
    repeating: 0,
    paused: 0,
  }
}
