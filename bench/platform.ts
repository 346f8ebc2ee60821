import { defaultLimits } from '../actors/limits.ts'
import type { Clock, Log, Store } from '../actors/ports.ts'
import { composeEngine } from '../app/compose.ts'
import { createTimeTravel } from '../app/sandbox/time-travel.ts'
import catalogJson from '../catalog.json' with { type: 'json' }
import policyJson from '../dunning-policy.json' with { type: 'json' }
import { createApp } from '../http/app.ts'
import { defaultHttpLimits } from '../http/limits.ts'
import { hashOfKey } from '../http/middleware/auth.ts'
import { createMetrics } from '../http/operations/metrics.ts'
import { Catalog } from '../machines/catalog/catalog.ts'
import { DunningPolicy } from '../machines/dunning/policy.ts'
import { charts } from '../machines/index.ts'
import { createOutbox } from '../providers/mail/outbox.ts'
import { createStripeClient, type FetchLike } from '../providers/stripe/client.ts'
import { createReadBudget } from '../providers/stripe/read-budget.ts'
import { createStripeReceiver } from '../providers/stripe/receive.ts'
import { createTestClock } from '../scheduler/clock.ts'
import { createStripeTwin } from '../twins/stripe/twin.ts'
import type { Instant } from '../values/instant.ts'
import { mountReturn } from '../web/return.tsx'
import { beginsAt } from './workloads.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export const webhookSecret = 'whsec_bench'
/** One key for each role, which is its own name made long enough. */
export const keyOf = (role: 'dashboard' | 'service') => `${role}-key-of-the-benchmark`

/** The engine and its HTTP door over a store, with the real SDK reaching Stripe through `fetch`. */
export function composeBench(parts: { store: Store; clock: Clock; fetch: FetchLike }) {
  const { store, clock } = parts
  const metrics = createMetrics()
  const shared = { store, clock, log: silent, charts, catalog: Catalog.parse(catalogJson), metrics }
  const stripe = createStripeClient({
    secretKey: 'sk_test_bench',
    apiBase: 'http://stripe.bench',
    timeoutMs: 30_000,
    maxNetworkRetries: 0,
    fetch: parts.fetch,
  })
  const runtime = composeEngine({
    ...shared,
    limits: defaultLimits,
    counts: metrics.runtime,
    policy: DunningPolicy.parse(policyJson),
    stripe,
    reads: createReadBudget({ perSecond: 1_000_000, burst: 1_000_000 }),
    returnUrl: 'http://tenure.bench/return',
    mailer: createOutbox({ log: silent, limit: 10 }),
  })
  const app = createApp({
    pages: [mountReturn],
    ...shared,
    runtime,
    keys: (['dashboard', 'service'] as const).map((role) => ({
      name: role,
      role,
      hash: hashOfKey(keyOf(role)),
      accounts: null,
    })),
    // Nobody waits for the provider's first word: the story goes on by itself.
    limits: { ...defaultHttpLimits, firstWordMs: 0 },
    stripeWebhooks: createStripeReceiver({
      secrets: [webhookSecret],
      toleranceSeconds: 300,
      accountId: null,
      livemode: false,
    }),
    sandbox: null,
    scheduler: { ready: () => Promise.resolve() },
  })
  return { runtime, app, stripe }
}

/** The same with the simulated Stripe, on a clock that the benchmark moves. */
export function openBenchWorld(store: Store) {
  const clock = createTestClock(beginsAt)
  let webhooks = 0
  const twin = createStripeTwin({
    clock,
    seed: 'bench',
    secretKey: 'sk_test_bench',
    publishableKey: 'pk_test_bench',
    storage: null,
    publicUrl: () => 'http://stripe.bench',
    log: silent,
    webhook: {
      url: 'http://tenure.bench/webhooks/stripe',
      secret: webhookSecret,
      async send(_url, headers, body) {
        webhooks += 1
        return (await app.request('/webhooks/stripe', { method: 'POST', headers, body })).status
      },
    },
  })
  const fetchTwin: FetchLike = async (url, init) => twin.app.request(url, init)
  const { runtime, app, stripe } = composeBench({ store, clock, fetch: fetchTwin })
  const travel = createTimeTravel({
    clock: { now: () => clock.now(), moveTo: (to) => clock.advanceTo(to) },
    world: { settle, nextAt },
  })

  async function nextAt(): Promise<Instant | null> {
    const moments = [twin.nextJobAt(), await store.nextTimerAt(), await store.nextClaimAt()]
    return moments.filter((at) => at !== null).sort()[0] ?? null
  }

  async function settle(): Promise<void> {
    for (;;) {
      await twin.runDue()
      await runtime.fireDueTimers()
      await runtime.idle()
      const next = await nextAt()
      if (next === null || next > clock.now()) return
    }
  }

  return {
    clock,
    runtime,
    app,
    stripe,
    settle,
    webhooks: () => webhooks,
    advanceTo: (to: Instant) => travel.advanceTo(to),
    async stop(): Promise<void> {
      await runtime.stop()
      await twin.stop()
    },
  }
}
