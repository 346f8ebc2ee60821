import { createHash, randomUUID } from 'node:crypto'
import { Stripe } from 'stripe'
import { z } from 'zod'
import type { Charts } from '../actors/chart.ts'
import type { Entry } from '../actors/journal.ts'
import { defaultLimits, type Limits } from '../actors/limits.ts'
import type { Log, Store } from '../actors/ports.ts'
import type { Runtime } from '../actors/runtime.ts'
import { composeEngine } from '../app/compose.ts'
import { createTimeTravel } from '../app/sandbox/time-travel.ts'
import catalogJson from '../catalog.json' with { type: 'json' }
import policyJson from '../dunning-policy.json' with { type: 'json' }
import { createApp } from '../http/app.ts'
import type { App } from '../http/env.ts'
import { defaultHttpLimits } from '../http/limits.ts'
import { hashOfKey } from '../http/middleware/auth.ts'
import { createMetrics } from '../http/operations/metrics.ts'
import { Catalog } from '../machines/catalog/catalog.ts'
import { DunningPolicy } from '../machines/dunning/policy.ts'
import { charts as chartsNow } from '../machines/index.ts'
import { openFile } from '../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../persistence/embedded/store.ts'
import { createOutbox } from '../providers/mail/outbox.ts'
import { createStripeClient, type FetchLike } from '../providers/stripe/client.ts'
import { createReadBudget, type ReadBudgetOptions } from '../providers/stripe/read-budget.ts'
import { createStripeReceiver } from '../providers/stripe/receive.ts'
import { createTestClock } from '../scheduler/clock.ts'
import type { SandboxStorage } from '../twins/kernel/storage.ts'
import { createStripeTwin, type StripeTwinOptions } from '../twins/stripe/twin.ts'
import { plusMs, secondsOf, type Instant } from '../values/instant.ts'
import { mountReturn } from '../web/return.tsx'
import { alive, ProcessDied, type Life } from './life.ts'

// The whole system in one process, on a clock that tests move: the HTTP door, the runtime, a store,
// and the
// simulated Stripe behind the real SDK. Nothing is mocked; only the sockets are missing.

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

const secretKey = 'sk_test_world'
const webhookSecret = 'whsec_world'
const keys = {
  dashboard: 'dashboard-key-0001',
  admin: 'admin-key-00000001',
  service: 'service-key-000001',
}

/** A webhook that the twin has sent and the test holds back. */
export interface HeldWebhook {
  readonly body: string
  readonly eventId: string
  readonly type: string
}

/**
 * Takes Stripe's webhooks instead of our endpoint, which then answers 200, and brings them when it
 * likes.
 */
export interface Courier {
  take(webhook: HeldWebhook, now: Instant): void
  /** When it wants to bring something; null if it has nothing. */
  nextAt(): Instant | null
  /** Brings some of what is due, if anything is. */
  bring(now: Instant): Promise<void>
}

export interface WorldOptions {
  readonly seed?: string
  readonly start?: Instant
  /** By default a store of its own in memory. */
  readonly store?: Store
  readonly log?: Log
  readonly limits?: Partial<Limits>
  readonly policy?: DunningPolicy
  readonly billing?: StripeTwinOptions['billing']
  /** How many processes share the store; 1 by default. */
  readonly processes?: number
  /** The charts of another release. */
  readonly charts?: Charts
  readonly secrets?: readonly string[]
  /** Of each process. */
  readonly readBudget?: ReadBudgetOptions
  /** Told of every request that a process of ours sends to Stripe, such as `GET /v1/customers/cus_1`. */
  readonly onRequest?: (request: string) => void
  /** Told of every entry that any process commits. */
  readonly onEntry?: (entry: Entry) => void
  readonly courier?: (world: World) => Courier
}

/** One process of the platform. */
interface Process {
  readonly life: Life
  readonly runtime: Runtime
  readonly app: App
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export type World = Awaited<ReturnType<typeof openWorld>>

const EventName = z.object({ id: z.string(), type: z.string() })

/** Opens a world at `start` (by default 2027-01-10). Close it when done. */
export async function openWorld(options: WorldOptions = {}) {
  const clock = createTestClock(options.start ?? '2027-01-10T00:00:00.000Z')
  const log = options.log ?? silentLog
  const catalog = Catalog.parse(catalogJson)
  const policy = options.policy ?? DunningPolicy.parse(policyJson)
  // A dead process must not haunt the test for long.
  const limits = { ...defaultLimits, storePauseMs: 1, ...options.limits }
  const mailer = createOutbox({ log, limit: 10_000 })
  const kept = new Map<string, string>()
  const storage: SandboxStorage = {
    load: () => new Map(kept),
    save(changes) {
      for (const [key, value] of changes) {
        if (value === null) kept.delete(key)
        else kept.set(key, value)
      }
    },
  }

  let store = options.store ?? createEmbeddedStore(openFile(':memory:'))
  let charts = options.charts ?? chartsNow
  let secrets = options.secrets ?? [webhookSecret]
  let holding = false
  let down = false
  let courier: Courier | null = null
  let requests = 0
  const held: HeldWebhook[] = []

  const twin = createStripeTwin({
    clock,
    seed: options.seed ?? 'world',
    secretKey,
    publishableKey: 'pk_test_world',
    storage,
    publicUrl: () => 'http://stripe.test',
    log,
    ...(options.billing ? { billing: options.billing } : {}),
    webhook: {
      url: 'http://tenure.test/webhooks/stripe',
      secret: webhookSecret,
      async send(_url, headers, body) {
        if (down) return 503
        if (holding) {
          const { id, type } = EventName.parse(JSON.parse(body))
          held.push({ body, eventId: id, type })
          return 200
        }
        if (courier) {
          const { id, type } = EventName.parse(JSON.parse(body))
          courier.take({ body, eventId: id, type }, clock.now())
          return 200
        }
        const answer = await processes[0].app.request('/webhooks/stripe', {
          method: 'POST',
          headers,
          body,
        })
        return answer.status
      },
    },
  })
  const fetchTwin: FetchLike = async (url, init) => twin.app.request(url, init)
  const fetchOurs: FetchLike = (url, init) => {
    const request = new Request(url, init)
    options.onRequest?.(`${request.method} ${new URL(request.url).pathname}`)
    return fetchTwin(url, init)
  }
  const client = {
    secretKey,
    apiBase: 'http://stripe.test',
    timeoutMs: 5_000,
    maxNetworkRetries: 0,
  }
  const metrics = createMetrics()

  async function boot(): Promise<Process> {
    const grip = alive(store, fetchOurs)
    const runtime = composeEngine({
      store: grip.store,
      clock,
      log,
      limits,
      counts: metrics.runtime,
      catalog,
      policy,
      charts,
      stripe: createStripeClient({ ...client, fetch: grip.fetch }),
      reads: createReadBudget(options.readBudget ?? { perSecond: 1_000, burst: 1_000 }),
      returnUrl: 'http://tenure.test/return',
      mailer,
    })
    const app = createApp({
      pages: [mountReturn],
      runtime,
      store: grip.store,
      charts,
      catalog,
      clock,
      log,
      keys: Object.entries(keys).map(([name, key]) => ({
        name,
        role: z.enum(['dashboard', 'admin', 'service']).parse(name),
        hash: hashOfKey(key),
        accounts: null,
      })),
      limits: { ...defaultHttpLimits, firstWordMs: 600 },
      metrics,
      stripeWebhooks: createStripeReceiver({
        secrets,
        toleranceSeconds: 300,
        accountId: null,
        livemode: false,
      }),
      sandbox: {
        now: () => clock.now(),
        advanceTo: (to) => travel.advanceTo(to),
        setChaos: (dial) => twin.chaos.set(dial),
        chaos: () => ({ ...twin.chaos.get() }),
      },
      scheduler: { ready: () => Promise.resolve() },
    })
    if (options.onEntry) runtime.subscribe(options.onEntry)
    await runtime.start()
    return { life: grip.life, runtime, app }
  }

  const processes: [Process, ...Process[]] = [await boot()]
  while (processes.length < (options.processes ?? 1)) processes.push(await boot())

  const travel = createTimeTravel({
    clock: { now: () => clock.now(), moveTo: (to) => clock.advanceTo(to) },
    world: { settle, nextAt },
  })

  async function nextAt(): Promise<Instant | null> {
    const moments = [
      twin.nextJobAt(),
      await store.nextTimerAt(),
      await store.nextClaimAt(),
      courier?.nextAt() ?? null,
    ]
    return moments.filter((at) => at !== null).sort()[0] ?? null
  }

  /** Does all that is due now. */
  async function settle(): Promise<void> {
    for (;;) {
      await twin.runDue()
      await courier?.bring(clock.now())
      await live(async ({ runtime }) => {
        await runtime.fireDueTimers()
        await runtime.idle()
      })
      const next = await nextAt()
      if (next === null || next > clock.now()) return
    }
  }

  /**
   * Lets every process do this; whichever dies of it is followed by another over the same store.
   */
  async function live(work: (process: Process) => Promise<void>): Promise<void> {
    for (const [place, process] of processes.entries()) {
      try {
        await Promise.race([work(process), process.life.end])
      } catch (error) {
        if (!process.life.isOver) throw error
      }
      process.life.dieAfter(Number.POSITIVE_INFINITY, false)
      if (process.life.isOver) processes[place] = await boot()
    }
  }

  async function request(
    role: keyof typeof keys | null,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    if (method === 'POST') requests += 1
    const process = processes[0]
    const asking = process.app.request(path, {
      method,
      headers: {
        // Ids are derived from it: the same story has the same ids.
        ...(method === 'POST' ? { 'idempotency-key': `request-${requests}` } : {}),
        ...(role ? { authorization: `Bearer ${keys[role]}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(role === 'admin' ? { 'x-operator': 'test' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const response = await Promise.race([asking, process.life.end]).catch((error: unknown) => {
      if (error instanceof ProcessDied) return new Response('', { status: 502 })
      throw error
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      headers: response.headers,
    }
  }

  const world = {
    clock,
    twin,
    held,
    metrics,
    get store() {
      return store
    },
    get runtime() {
      return processes[0].runtime
    },
    get app() {
      return processes[0].app
    },
    /**
     * The processes that are alive now; the first one has the door to which the test's requests go.
     */
    processes: (): readonly Process[] => processes,
    mails: () => mailer.sent(),
    /** The real SDK, as the business's own people would use it beside Tenure. */
    stripe: createStripeClient({ ...client, fetch: fetchTwin }),
    settle,
    /** Lives through the time until `to`, stopping wherever something is due. */
    advanceTo: (to: Instant) => travel.advanceTo(to),
    advanceMs: (ms: number) => travel.advanceTo(plusMs(clock.now(), ms)),
    get: (role: keyof typeof keys | null, path: string) => request(role, 'GET', path),
    post: (
      role: keyof typeof keys | null,
      path: string,
      body: unknown,
      headers?: Readonly<Record<string, string>>,
    ) => request(role, 'POST', path, body, headers),
    /**
     * From now on the twin's webhooks are answered 200 and kept in `held`, for the test to deliver.
     */
    hold(): void {
      holding = true
    },
    release(): void {
      holding = false
    },
    /** Our webhook endpoint answers 503: the twin will retry on its schedule. */
    endpointDown(isDown: boolean): void {
      down = isDown
    },
    /**
     * Posts a webhook body as Stripe would now, signed afresh; a process that died of it answers 0.
     */
    async deliver(body: string, { secret = webhookSecret, to = 0, at = clock.now() } = {}) {
      const signature = Stripe.webhooks.generateTestHeaderString({
        payload: body,
        secret,
        timestamp: secondsOf(at),
      })
      const process = processes[to % processes.length] ?? processes[0]
      try {
        const response = await Promise.race([
          process.app.request('/webhooks/stripe', {
            method: 'POST',
            headers: { 'stripe-signature': signature, 'content-type': 'application/json' },
            body,
          }),
          process.life.end,
        ])
        const answer: unknown = await response.json()
        return { status: response.status, body: answer, headers: response.headers }
      } catch (error) {
        if (!(error instanceof ProcessDied)) throw error
        return { status: 0, body: null, headers: new Headers() }
      }
    },
    /** The customer answers the bank's 3-D Secure page. */
    async authenticate(
      pageUrl: string,
      answer: 'complete' | 'fail' = 'complete',
    ): Promise<Response> {
      return await twin.app.request(pageUrl, {
        method: 'POST',
        body: new URLSearchParams({ answer }),
      })
    },
    /** Every process dies and others start over the same store, which `reopen` may replace. */
    async restart(
      change: {
        reopen?: (old: Store) => Promise<Store>
        charts?: Charts
        secrets?: readonly string[]
      } = {},
    ): Promise<void> {
      for (const { life } of processes) life.dieAfter(0, false)
      charts = change.charts ?? charts
      secrets = change.secrets ?? secrets
      if (change.reopen) store = await change.reopen(store)
      for (const place of processes.keys()) processes[place] = await boot()
    },
    async close(): Promise<void> {
      for (const { runtime } of processes) await runtime.stop()
      await twin.stop()
      await store.close()
    },
  }
  courier = options.courier?.(world) ?? null
  return world
}

/** Draws from 0 (inclusive) to 1 (exclusive), the same for the same seed. */
export function seeded(seed: string): () => number {
  let n = 0
  return () => {
    n += 1
    const digest = createHash('sha256').update(`${seed}/${n}`).digest()
    return digest.readUInt32BE(0) / 2 ** 32
  }
}

/** The items in an order that the seed decides. */
export function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  const keyed = items.map((item) => ({ item, key: draw() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

export function freshKey(): string {
  return randomUUID()
}
