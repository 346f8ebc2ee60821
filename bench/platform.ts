import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '../actors/journal/journal.ts'
import type { Limits } from '../actors/limits.ts'
import type { Clock, Store } from '../actors/ports.ts'
import { defaultHttpLimits } from '../http/limits.ts'
import { createMetrics } from '../http/operations/metrics.ts'
import { systemTimers } from '../http/timers.ts'
import type { FetchLike } from '../providers/stripe/client.ts'
import type { ReadBudgetOptions } from '../providers/stripe/read-budget.ts'
import { createTestClock } from '../scheduler/clock.ts'
import { composeProcess } from '../test/harness/process.ts'
import { createTime } from '../test/harness/time.ts'
import { clientOfTwin, openTwin } from '../test/harness/twin.ts'
import { beginsAt } from './workloads.ts'

export interface BenchParts {
  readonly store: Store
  readonly clock: Clock
  readonly fetch: FetchLike
  readonly readBudget?: ReadBudgetOptions
  readonly limits?: Partial<Limits>
}

/**
 * A store whose runtime commits effects and never performs them: it is given none, and may hold
 * none.
 */
export function undelivered(store: Store) {
  return { store: { ...store, claim: () => Promise.resolve([]) }, limits: { heldMax: 0 } }
}

/** The engine and its HTTP API over a store, with the real SDK reaching Stripe through `fetch`. */
export function composeBench(parts: BenchParts) {
  let retries = 0
  const metrics = createMetrics()
  const delivered: typeof metrics.runtime.delivered = (kind, outcome) => {
    if (outcome === 'retry') retries += 1
    metrics.runtime.delivered(kind, outcome)
  }
  const process = composeProcess({
    readBudget: { perSecond: 1_000_000, burst: 1_000_000 },
    ...parts,
    limits: { storePauseMs: 50, ...parts.limits },
    // Nobody waits for the provider's first word: the story goes on by itself. No other process
    // has the store.
    httpLimits: { firstWordMs: 0, entitlementsFreshMs: defaultHttpLimits.entitlementsAloneFreshMs },
    timers: systemTimers,
    metrics: { ...metrics, runtime: { ...metrics.runtime, delivered } },
  })
  return { ...process, stripe: clientOfTwin(parts.fetch), retries: () => retries }
}

export interface BenchSystemOptions {
  readonly readBudget?: ReadBudgetOptions
}

/** The same with the simulated Stripe, on a clock that the benchmark moves. */
export function openBenchSystem(store: Store, options: BenchSystemOptions = {}) {
  const clock = createTestClock(beginsAt)
  let webhooks = 0
  let entries = 0
  let reads = 0
  let latencyMs = 0
  const { twin, fetch, stripe } = openTwin({
    clock,
    seed: 'bench',
    latency: async () => void (latencyMs > 0 && (await sleep(latencyMs))),
    async send(headers, body) {
      webhooks += 1
      return (await process.app.request('/webhooks/stripe', { method: 'POST', headers, body }))
        .status
    },
  })
  const process = composeBench({
    ...options,
    store,
    clock,
    async fetch(url, init) {
      if (init?.method === 'GET') reads += 1
      return fetch(url, init)
    },
  })
  const { runtime, app } = process
  const commonest = new Map<string, number>()
  runtime.subscribe(({ actor, envelope }: Entry) => {
    entries += 1
    const what = `${actor.slice(0, actor.indexOf('/'))} ${envelope.event.type}`
    commonest.set(what, (commonest.get(what) ?? 0) + 1)
  })
  const time = createTime({
    clock,
    twin,
    store: () => store,
    async work() {
      await runtime.fireDueTimers()
      await runtime.idle()
    },
  })
  return {
    clock,
    twin,
    runtime,
    app,
    /** The SDK of the business's own people. */
    stripe,
    ...time,
    retries: process.retries,
    webhooks: () => webhooks,
    entries: () => entries,
    /** Entries by actor type and event so far. */
    commonest: (): ReadonlyMap<string, number> => new Map(commonest),
    /** GET requests to Stripe. */
    reads: () => reads,
    /** From now on each keyed POST to Stripe takes so long. */
    slowDown(ms: number): void {
      latencyMs = ms
    },
    async stop(): Promise<void> {
      await runtime.stop()
      await twin.stop()
    },
  }
}
export type BenchSystem = ReturnType<typeof openBenchSystem>
