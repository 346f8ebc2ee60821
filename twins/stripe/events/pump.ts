import { setImmediate } from 'node:timers/promises'
import type { Log } from '../../../actors/ports.ts'
import { earlier, type Job } from '../../kernel/queue.ts'
import type { Ground } from '../../kernel/state.ts'
import type { Try, Webhooks } from './webhooks.ts'

/** So many webhooks are on their way at once. */
export const postsAtOnce = 32
/** So many jobs at most between two turns of the event loop. */
const jobsPerTurn = 50

interface Due {
  readonly job: Job
  readonly isDelivery: boolean
}

interface Begun {
  readonly count: number
  readonly tries: readonly Try[]
}

export interface PumpOptions {
  readonly state: Ground
  readonly webhooks: Webhooks
  readonly log: Log
  /** Resolves when all that was changed until now is kept. */
  readonly written: () => Promise<void>
}

/**
 * Runs jobs and posts webhooks when they are due. What begins, and in which order, depends on the
 * queues alone, and not on how long an answer takes.
 */
export function createPump({ state, webhooks, written, log }: PumpOptions) {
  let running = Promise.resolve(0)
  let wake = () => {}
  state.onEvent(() => wake())

  function next(): Due | null {
    const [job, delivery] = [state.jobs.peek(), state.deliveries.peek()]
    if (delivery !== undefined && (job === undefined || earlierDelivery(delivery, job)))
      return { job: delivery, isDelivery: true }
    return job === undefined ? null : { job, isDelivery: false }
  }

  /** Does what is due and need not wait, and answers how much it was and which tries it booked. */
  function begin(posting: ReadonlyMap<string, Try>): Begun {
    const tries: Try[] = []
    for (let count = 0; ; count += 1) {
      const due = next()
      if (due === null || due.job.at > state.now() || count === jobsPerTurn) return { count, tries }
      const unanswered = [...posting.values(), ...tries]
      if (mustWait(due, unanswered)) return { count, tries }
      if (due.isDelivery) tries.push(...[webhooks.begin(due.job)].filter((one) => one !== null))
      else state.runNextJob()
    }
  }

  async function post(booked: Try, posting: Map<string, Try>): Promise<void> {
    try {
      await webhooks.send(booked)
    } catch (error) {
      log.error('sandbox.webhook_failed', { delivery: booked.job.id, error: String(error) })
    } finally {
      posting.delete(booked.job.id)
      wake()
    }
  }

  async function run(): Promise<number> {
    const posting = new Map<string, Try>()
    let done = 0
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const { count, tries } = begin(posting)
      done += count
      // A try is kept before it is made: should the process die meanwhile, the retry is there.
      if (tries.length > 0) await written()
      for (const booked of tries) {
        posting.set(booked.job.id, booked)
        void post(booked, posting)
      }
      if (count > 0) await setImmediate()
      else if (posting.size > 0) await woken
      else {
        await written()
        return done
      }
    }
  }

  return {
    /** Unix seconds; null if nothing waits. */
    nextAt: (): number | null => next()?.job.at ?? null,
    /** Resolves when nothing is due and no post is unanswered, with how much was begun. */
    runDue(): Promise<number> {
      const mine = running.then(run)
      running = mine.catch(() => 0)
      return mine
    },
    /** Resolves when what is under way has ended. */
    idle: async (): Promise<void> => void (await running),
  }
}

/**
 * A delivery has a place, and one try at a time; a job finds the answers to the seconds before its
 * own.
 */
function mustWait({ job, isDelivery }: Due, unanswered: readonly Try[]): boolean {
  if (!isDelivery) return unanswered.some((told) => told.job.at < job.at)
  return unanswered.length >= postsAtOnce || unanswered.some((told) => told.job.id === job.id)
}

/** Of one second, what Stripe does itself comes before what it tells. */
function earlierDelivery(delivery: Job, job: Job): boolean {
  return delivery.at !== job.at && earlier(delivery, job)
}
