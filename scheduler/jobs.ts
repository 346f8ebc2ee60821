import type { Job } from './recurring.ts'

export type JobName = 'timers' | 'deliver' | 'heal' | 'requests' | 'forget' | 'reconcile'

export type JobTiming = Pick<Job, 'everyMs' | 'lockMs' | 'lateMs'>

const secondMs = 1000
const minuteMs = 60 * secondMs

/**
 * What configuration starts from. `everyMs` bounds how late a thing is when nobody nudges; `lockMs`
 * is how long the others wait when the process that runs the job dies; `lateMs` is when a person
 * should look.
 */
export const jobTimings: Readonly<Record<JobName, JobTiming>> = {
  // A timer is a promise to a customer, such as the end of a trial: seconds matter to nobody,
  // minutes do.
  timers: { everyMs: secondMs, lockMs: 10 * secondMs, lateMs: minuteMs },
  // The runtime delivers what it commits by itself; this finds what crashed processes and retries
  // left.
  deliver: { everyMs: secondMs, lockMs: 10 * secondMs, lateMs: minuteMs },
  // Reads see a gap between an entry and its rows until this has run; only a crash leaves one.
  heal: { everyMs: 30 * secondMs, lockMs: 20 * secondMs, lateMs: 5 * minuteMs },
  // Keys are kept for a day; an hour more or less costs only space.
  requests: { everyMs: 60 * minuteMs, lockMs: 20 * secondMs, lateMs: 24 * 60 * minuteMs },
  // A webhook's raw body is kept for weeks after it was applied; some hours more cost only space.
  forget: { everyMs: 60 * minuteMs, lockMs: 20 * secondMs, lateMs: 24 * 60 * minuteMs },
  // What a lost webhook withholds is back after this; a provider's own retries take hours. Each run
  // writes a journal entry, so that running every second would only fill the store.
  reconcile: { everyMs: 15 * minuteMs, lockMs: 20 * secondMs, lateMs: 60 * minuteMs },
}

/**
 * A job that always finds more gives way to the others after so many batches, and goes on at its
 * next run.
 */
const batchesMax = 1000

export interface JobFunctions {
  /** Fires timers that are due, at most a batch, and tells how many. */
  readonly fireDueTimers: () => Promise<number>
  /** Claims and performs effects that are due, at most a batch, and tells how many it claimed. */
  readonly deliverDue: () => Promise<number>
  /** Applies what crashes left between entries and their rows, and tells how many. */
  readonly heal: () => Promise<number>
  /** Forgets HTTP requests whose idempotency keys have expired. */
  readonly expireRequests: () => Promise<void>
  /** Forgets webhooks that were applied long ago, at most a batch, and tells how many. */
  readonly forgetWebhooks: () => Promise<number>
  /** Asks the provider for missed events, at most some pages; `done` when there are no more. */
  readonly reconcile: () => Promise<{ readonly done: boolean }>
}

/**
 * The platform's recurring jobs. Each may run in several processes at once: what they call claims
 * or dedupes.
 */
export function jobsOf(
  functions: JobFunctions,
  timings: Readonly<Record<JobName, JobTiming>>,
): readonly Job<JobName>[] {
  const foundSome = async (batch: () => Promise<number>) => (await batch()) > 0
  return [
    {
      name: 'timers',
      ...timings.timers,
      runsOnStart: true,
      run: (signal) => batches(() => foundSome(functions.fireDueTimers), signal),
    },
    {
      name: 'deliver',
      ...timings.deliver,
      runsOnStart: true,
      run: (signal) => batches(() => foundSome(functions.deliverDue), signal),
    },
    {
      name: 'heal',
      ...timings.heal,
      runsOnStart: true,
      run: async () => void (await functions.heal()),
    },
    {
      name: 'requests',
      ...timings.requests,
      runsOnStart: false,
      run: functions.expireRequests,
    },
    {
      name: 'forget',
      ...timings.forget,
      runsOnStart: false,
      run: (signal) => batches(() => foundSome(functions.forgetWebhooks), signal),
    },
    {
      name: 'reconcile',
      ...timings.reconcile,
      runsOnStart: true,
      run: (signal) => batches(async () => !(await functions.reconcile()).done, signal),
    },
  ]
}

/**
 * Runs batches until one says that no more follows, the scheduler stops, or `batchesMax` have run.
 */
async function batches(batch: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  for (let n = 0; n < batchesMax && !signal.aborted; n++) {
    if (!(await batch())) return
  }
}
