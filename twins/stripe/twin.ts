import type { Hono } from 'hono'
import type { z } from 'zod'
import type { Clock, Log } from '../../actors/ports.ts'
import { instantOfSeconds, type Instant } from '../../values/instant.ts'
import { createBatchedStorage } from '../kernel/batched-storage.ts'
import { type ChaosDial, createChaos } from '../kernel/chaos.ts'
import type { SandboxStorage } from '../kernel/storage.ts'
import { createSandboxState } from '../kernel/state.ts'
import { assemble } from './assemble.ts'
import type { BillingOptions } from './billing/billing.ts'
import { createPump } from './events/pump.ts'
import { createWebhooks, type WebhookEndpoint } from './events/webhooks.ts'

export interface StripeTwinOptions {
  /** The sandbox's clock: the only time that the twin knows. */
  readonly clock: Clock
  /** Ids and chaos come from it: the same seed, requests and times give the same state. */
  readonly seed: string
  readonly secretKey: string
  readonly publishableKey: string
  /** Where events are posted, or null. */
  readonly webhook: WebhookEndpoint | null
  /** Where the state is kept between runs; null forgets it. */
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
  /**
   * Runs what is due at the clock's now, and returns how much it was. All begins by time and order
   * of scheduling; webhooks are posted many at once, and each is answered or has failed when this
   * resolves.
   */
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

/**
 * A simulated Stripe: flexible billing mode, API version 2026-10-28.endive. See README.md beside
 * this file.
 */
export function createStripeTwin(options: StripeTwinOptions): StripeTwin {
  const { clock, seed, log, webhook } = options
  const storage = options.storage && createBatchedStorage(options.storage)
  const written = () => storage?.written() ?? Promise.resolve()
  const state = createSandboxState({ clock, seed, storage, log })
  const chaos = createChaos(state)
  const webhooks = createWebhooks(state, { endpoint: webhook, chaos, log })
  const app = assemble({
    ...options,
    state,
    chaos,
    billing: options.billing ?? {},
    latency: options.latency ?? (() => Promise.resolve()),
    written,
  })
  const pump = createPump({ state, webhooks, log, written })
  let looking = false
  let timer: NodeJS.Timeout | null = null
  // An event is told at the end of the turn that made it.
  state.onEvent(() => void (timer !== null && setImmediate(look)))

  function look(): void {
    const at = pump.nextAt()
    if (looking || at === null || at > state.now()) return
    looking = true
    pump
      .runDue()
      .catch((error: unknown) => log.error('sandbox.pump_failed', { error: String(error) }))
      .finally(() => {
        looking = false
      })
  }

  return {
    app,
    accountId: state.accountId,
    nextJobAt() {
      const at = pump.nextAt()
      return at === null ? null : instantOfSeconds(at)
    },
    runDue: () => pump.runDue(),
    chaos: {
      get: chaos.get,
      set(dial) {
        const set = chaos.set(dial)
        storage?.flush()
        return set
      },
    },
    resend: webhooks.resend,
    start() {
      timer ??= setInterval(look, lookMs)
    },
    async stop() {
      if (timer !== null) clearInterval(timer)
      timer = null
      await pump.idle()
      await written()
    },
  }
}
