import { setImmediate } from 'node:timers/promises'
import type { Hono } from 'hono'
import type { z } from 'zod'
import type { Clock, Log } from '../../actors/ports.ts'
import { instantOfSeconds, type Instant } from '../../values/instant.ts'
import { type ChaosDial, createChaos } from '../kernel/chaos.ts'
import { earlier, type Job } from '../kernel/queue.ts'
import type { SandboxStorage } from '../kernel/storage.ts'
import { createWorld } from '../kernel/world.ts'
import { assemble } from './assemble.ts'
import type { BillingOptions } from './billing/billing.ts'
import { createWebhooks, type WebhookEndpoint } from './events/webhooks.ts'

export interface StripeTwinOptions {
  /** The sandbox's clock: the only time that the twin knows. */
  readonly clock: Clock
  /** Ids and chaos come from it: the same seed, requests and times give the same world. */
  readonly seed: string
  readonly secretKey: string
  readonly publishableKey: string
  /** Where events are posted, or null. */
  readonly webhook: WebhookEndpoint | null
  /** Where the world is kept between runs; null forgets it. */
  readonly storage: SandboxStorage | null
  /** How a browser reaches the twin's pages, without a slash at the end. */
  readonly publicUrl: () => string
  readonly log: Log
  /** Billing settings that differ from the defaults. */
  readonly billing?: Partial<BillingOptions>
  /** Awaited in each POST with an idempotency key, before its work. */
  readonly latency?: () => Promise<void>
}

export interface StripeTwin {
  /** Serves `/v1/*`, `/v2/core/events*`, and the pages that customers see. */
  readonly app: Hono
  /** When the next job or webhook is due, by the sandbox's clock; null if nothing waits. */
  nextJobAt(): Instant | null
  /** Runs what is due at the clock's now, by time and order of scheduling, and returns how much it was. */
  runDue(): Promise<number>
  readonly chaos: {
    get(): ChaosDial
    /** Throws a ZodError for what is no dial. Rules the events and requests from now on. */
    set(dial: z.input<typeof ChaosDial>): ChaosDial
  }
  /** Posts an event again, beside its own tries. False if the twin does not know it. */
  resend(eventId: string): boolean
  readonly accountId: string
  /** From now on runs what is due by itself, as the clock goes. */
  start(): void
  /** Stops that, and waits for what is under way. */
  stop(): Promise<void>
}

/** How often a running twin looks whether the clock has reached the next job. */
const lookMs = 100
/** So many jobs at most between two turns of the event loop. */
const jobsPerTurn = 50

/** A simulated Stripe: flexible billing mode, API version 2026-10-28.endive. See README.md beside this file. */
export function createStripeTwin(options: StripeTwinOptions): StripeTwin {
  const { clock, seed, storage, log, webhook } = options
  const world = createWorld({ clock, seed, storage, log })
  const chaos = createChaos(world)
  const webhooks = createWebhooks(world, { endpoint: webhook, chaos, log })
  const app = assemble({
    ...options,
    world,
    chaos,
    billing: options.billing ?? {},
    latency: options.latency ?? (() => Promise.resolve()),
  })
  let running = Promise.resolve(0)
  let looking = false
  let timer: NodeJS.Timeout | null = null

  function next(): { job: Job; isDelivery: boolean } | null {
    const [job, delivery] = [world.jobs.peek(), world.deliveries.peek()]
    if (delivery !== undefined && (job === undefined || earlierDelivery(delivery, job)))
      return { job: delivery, isDelivery: true }
    return job === undefined ? null : { job, isDelivery: false }
  }

  async function run(): Promise<number> {
    let done = 0
    for (;;) {
      const due = next()
      if (due === null || due.job.at > world.now()) return done
      if (due.isDelivery) await webhooks.deliver(due.job)
      else world.runNextJob()
      done += 1
      if (done % jobsPerTurn === 0) await setImmediate()
    }
  }

  function runDue(): Promise<number> {
    const mine = running.then(run)
    running = mine.catch(() => 0)
    return mine
  }

  function look(): void {
    const due = next()
    if (looking || due === null || due.job.at > world.now()) return
    looking = true
    runDue()
      .catch((error: unknown) => log.error('sandbox.pump_failed', { error: String(error) }))
      .finally(() => {
        looking = false
      })
  }

  return {
    app,
    accountId: world.accountId,
    nextJobAt() {
      const due = next()
      return due === null ? null : instantOfSeconds(due.job.at)
    },
    runDue,
    chaos: { get: chaos.get, set: chaos.set },
    resend: webhooks.resend,
    start() {
      timer ??= setInterval(look, lookMs)
    },
    async stop() {
      if (timer !== null) clearInterval(timer)
      timer = null
      await running
    },
  }
}

/** Of one second, what Stripe does itself comes before what it tells. */
function earlierDelivery(delivery: Job, job: Job): boolean {
  return delivery.at !== job.at && earlier(delivery, job)
}
