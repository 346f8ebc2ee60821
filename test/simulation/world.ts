import { z } from 'zod'
import { defaultLimits } from '../../actors/limits.ts'
import type { Log, Store } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import { composeEngine, composeReconciliation } from '../../app/compose.ts'
import { createTimeTravel } from '../../app/sandbox/time-travel.ts'
import catalogJson from '../../catalog.json' with { type: 'json' }
import policyJson from '../../dunning-policy.json' with { type: 'json' }
import { createApp } from '../../http/app.ts'
import type { App } from '../../http/env.ts'
import { defaultHttpLimits } from '../../http/limits.ts'
import { hashOfKey } from '../../http/middleware/auth.ts'
import { createMetrics } from '../../http/operations/metrics.ts'
import { Catalog } from '../../machines/catalog/catalog.ts'
import { DunningPolicy } from '../../machines/dunning/policy.ts'
import { charts } from '../../machines/index.ts'
import { createOutbox } from '../../providers/mail/outbox.ts'
import { createStripeClient, type FetchLike } from '../../providers/stripe/client.ts'
import { createReadBudget } from '../../providers/stripe/read-budget.ts'
import { createStripeReceiver } from '../../providers/stripe/receive.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import { worst } from '../../twins/kernel/chaos.ts'
import { createStripeTwin } from '../../twins/stripe/twin.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import { mountReturn } from '../../web/return.tsx'
import { watch } from '../scenarios/invariants.ts'
import { createDraw } from './draw.ts'
import { createLife, fairWeather, type Life, type Weather } from './life.ts'

// The whole platform, in one or two processes that die and come back over the same store, beside the
// simulated Stripe, on one clock. Chance comes from the seed alone, so that a run can be lived again.

const secretKey = 'sk_test_simulation'
const webhookSecret = 'whsec_simulation'
const apiKeys = {
  dashboard: 'dashboard-key-0001',
  admin: 'admin-key-00000001',
  service: 'service-key-000001',
} as const
export type Role = keyof typeof apiKeys

export const beginsAt: Instant = '2027-01-10T00:00:00.000Z'

/** What happens to the machinery while the story lasts. */
export const badWeather: Weather = { storeFails: 0.02, callsBreak: 0.03, dies: 0.003 }

export interface SimulationOptions {
  readonly seed: string
  /** Opens the store of another process. On the embedded file all share the one owner's. */
  readonly stores: () => Promise<Store>
  readonly processes: 1 | 2
}

interface Process {
  readonly life: Life
  readonly store: Store
  readonly runtime: Runtime
  readonly app: App
  /** One run of its job that asks the provider what webhooks have missed. */
  reconcile(): Promise<{ readonly done: boolean }>
}

export interface Answer {
  /** 0 if the process died before it could answer. */
  readonly status: number
  readonly body: unknown
}

export type Simulation = Awaited<ReturnType<typeof openSimulation>>

/** What the log must never hold, whatever the weather: each is a bug, or work for a person. */
export interface Alarm {
  readonly event: string
  readonly fields: unknown
}

/** Said as errors while the store is away, and over by themselves when it is back. */
const passing: ReadonlySet<string> = new Set(['reconcile.ingest_failed'])

/** A log of which only the alarms are kept. */
function createAlarms(): { log: Log; alarms: Alarm[] } {
  const alarms: Alarm[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error(event, fields) {
      if (!passing.has(event)) alarms.push({ event, fields })
    },
  }
  return { log, alarms }
}

export async function openSimulation(options: SimulationOptions) {
  const { seed } = options
  const clock = createTestClock(beginsAt)
  const { log, alarms } = createAlarms()
  const parts = {
    clock,
    log,
    catalog: Catalog.parse(catalogJson),
    charts,
    // Nothing really waits: who fails tries again at once, or when the clock has moved.
    limits: { ...defaultLimits, storePauseMs: 0, headsCached: 30, concurrency: 8 },
    metrics: createMetrics(),
  }
  const policy = DunningPolicy.parse(policyJson)
  const mailer = createOutbox({ log, limit: 10_000 })
  const steps = watch()
  const dice = createDraw(seed, 'processes')
  const base = await options.stores()
  const opened = [base]
  let weather: Weather = fairWeather
  let requests = 0
  let deaths = 0

  const twin = createStripeTwin({
    clock,
    seed,
    secretKey,
    publishableKey: 'pk_test_simulation',
    storage: null,
    publicUrl: () => 'http://stripe.test',
    log,
    webhook: {
      url: 'http://tenure.test/webhooks/stripe',
      secret: webhookSecret,
      async send(_url, headers, body) {
        const answer = await ask({ path: '/webhooks/stripe', method: 'POST', headers, body })
        return answer.status
      },
    },
  })
  const fetchTwin: FetchLike = async (url, init) => twin.app.request(url, init)
  const receiver = createStripeReceiver({
    secrets: [webhookSecret],
    toleranceSeconds: 300,
    accountId: null,
    livemode: false,
  })
  const client = {
    secretKey,
    apiBase: 'http://stripe.test',
    timeoutMs: 60_000,
    maxNetworkRetries: 0,
  }

  function boot(store: Store): Process {
    const life = createLife({ store, fetch: fetchTwin, draw: dice, weather: () => weather })
    const shared = {
      ...parts,
      store: life.store,
      stripe: createStripeClient({ ...client, fetch: life.fetch }),
      reads: createReadBudget({ perSecond: 1_000, burst: 1_000 }),
    }
    const runtime = composeEngine({
      ...shared,
      counts: parts.metrics.runtime,
      policy,
      returnUrl: 'http://tenure.test/return',
      mailer,
    })
    const app = createApp({
      pages: [mountReturn],
      ...parts,
      runtime,
      store: life.store,
      keys: Object.entries(apiKeys).map(([name, key]) => ({
        name,
        role: z.enum(['dashboard', 'admin', 'service']).parse(name),
        hash: hashOfKey(key),
        accounts: null,
      })),
      // Real time plays no part: nobody waits for a first word, and memory is checked at each read.
      limits: { ...defaultHttpLimits, firstWordMs: 0, entitlementsFreshMs: -1 },
      stripeWebhooks: receiver,
      sandbox: null,
      scheduler: { ready: () => Promise.resolve() },
    })
    runtime.subscribe((entry) => steps.see(entry))
    const reconciliation = composeReconciliation({ ...shared, runtime, receiver })
    return { life, store, runtime, app, reconcile: () => reconciliation.run() }
  }

  /** Starts one; what dies on the way, or finds no store, is started again as an operator would have it. */
  async function started(store: Store): Promise<Process> {
    for (let tries = 1; ; tries += 1) {
      const process = boot(store)
      try {
        await process.runtime.start()
        if (process.life.isAlive()) return process
      } catch (error) {
        if (tries > 100) throw error
      }
      deaths += 1
    }
  }

  const processes: Process[] = [await started(base)]
  if (options.processes === 2) {
    const other = await options.stores()
    if (other !== base) opened.push(other)
    processes.push(await started(other))
  }

  /** Puts another process in the place of each that has died. */
  async function revive(): Promise<void> {
    for (const [place, { life, store }] of processes.entries()) {
      if (life.isAlive()) continue
      deaths += 1
      processes[place] = await started(store)
    }
  }

  interface Asked {
    readonly path: string
    readonly method: 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }

  async function ask({ path, method, headers, body }: Asked): Promise<Answer> {
    await revive()
    requests += 1
    const process = processes[dice.below(processes.length)]
    if (process === undefined) throw new Error('no process is left')
    const response = await process.app.request(path, {
      method,
      headers: { ...headers, 'x-request-id': `request-${requests}` },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    if (!process.life.isAlive()) return { status: 0, body: null }
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }

  const travel = createTimeTravel({
    clock: { now: () => clock.now(), moveTo: (to) => clock.advanceTo(to) },
    world: { settle, nextAt },
  })

  async function nextAt(): Promise<Instant | null> {
    const moments = [twin.nextJobAt(), await base.nextTimerAt(), await base.nextClaimAt()]
    return moments.filter((at) => at !== null).sort()[0] ?? null
  }

  async function work({ runtime }: Process): Promise<void> {
    try {
      await runtime.fireDueTimers()
      await runtime.idle()
    } catch {
      // Its job comes again; if it has died, another process does.
    }
  }

  /** Does all that is due now. */
  async function settle(): Promise<void> {
    for (let rounds = 1; ; rounds += 1) {
      await twin.runDue()
      await revive()
      await Promise.all(processes.map(work))
      const next = await nextAt()
      if (next === null || next > clock.now()) return
      if (rounds > 2_000) throw new Error(`nothing settles at ${clock.now()}: due since ${next}`)
    }
  }

  return {
    seed,
    clock,
    twin,
    store: base,
    alarms,
    mails: () => mailer.sent(),
    deaths: () => deaths,
    requests: () => requests,
    /** The real SDK in the hands of the business's own people. */
    stripe: createStripeClient({ ...client, fetch: fetchTwin }),
    /** A process that is alive now. */
    async runtime(): Promise<Runtime> {
      await revive()
      const [process] = processes
      if (process === undefined) throw new Error('no process is left')
      return process.runtime
    },
    /** What broke a rule that holds at every step, while it was committed. */
    violations: () => steps.violations,
    settle,
    /** The job that asks the provider what webhooks have missed, as often as it wants to go on. */
    async reconcile(): Promise<void> {
      for (let runs = 1; runs <= 100; runs += 1) {
        await revive()
        const process = processes[dice.below(processes.length)]
        const { done } = (await process?.reconcile().catch(() => ({ done: false }))) ?? {
          done: true,
        }
        await settle()
        if (done) return
      }
      throw new Error('the reconciliation never ends')
    },
    advanceTo: (to: Instant) => travel.advanceTo(to),
    advanceMs: (ms: number) => travel.advanceTo(plusMs(clock.now(), ms)),
    ask(role: Role, method: 'GET' | 'POST', path: string, sent: Sent = {}): Promise<Answer> {
      const { key, body } = sent
      return ask({
        path,
        method,
        headers: {
          authorization: `Bearer ${apiKeys[role]}`,
          ...(role === 'admin' ? { 'x-operator': 'ann' } : {}),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    },
    /** The customer answers the bank's page. */
    answerBank: (pageUrl: string, answer: 'complete' | 'fail') =>
      fetchTwin(pageUrl, { method: 'POST', body: new URLSearchParams({ answer }) }),
    storm(): void {
      weather = badWeather
      twin.chaos.set({ ...worst(seed), http500: 0.05, http429: 0.05 })
    },
    calm(): void {
      weather = fairWeather
      twin.chaos.set({})
    },
    async close(): Promise<void> {
      for (const { runtime } of processes) await runtime.stop()
      await twin.stop()
      for (const store of opened) await store.close()
    },
  }
}

export interface Sent {
  readonly key?: string
  readonly body?: unknown
}
