import { Stripe } from 'stripe'
import { z } from 'zod'
import type { Charts } from '../../actors/decision/chart.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Limits } from '../../actors/limits.ts'
import type { Log, Store } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import type { App } from '../../http/env.ts'
import { createMetrics } from '../../http/operations/metrics.ts'
import type { DunningPolicy } from '../../machines/dunning/policy.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { createOutbox } from '../../providers/mail/outbox.ts'
import type { FetchLike } from '../../providers/stripe/client.ts'
import type { ReadBudgetOptions } from '../../providers/stripe/read-budget.ts'
import type { Reconciliation } from '../../providers/stripe/reconciliation.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import type { StripeTwinOptions } from '../../twins/stripe/twin.ts'
import { secondsOf, type Instant } from '../../values/instant.ts'
import { answerOf } from './answering.ts'
import { createHandTimers, type HandTimers } from './hand-timers.ts'
import { alive, ProcessDied, type Life } from './life.ts'
import { silentLog } from './logs.ts'
import { composeProcess, keyOf, webhooksOf } from './process.ts'
import { createTime } from './time.ts'
import { keepInMemory, openTwin, webhookSecret } from './twin.ts'

// The whole system in one process, on a clock that tests move: the HTTP API, the runtime, a store,
// and the simulated Stripe behind the real SDK. Nothing is mocked; only the sockets are missing.

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

export interface SystemOptions {
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
  /**
   * Receives every request that a process of ours sends to Stripe, such as `GET
   * /v1/customers/cus_1`.
   */
  readonly onRequest?: (request: string) => void
  /** Receives every entry that any process commits. */
  readonly onEntry?: (entry: Entry) => void
  readonly courier?: (system: System) => Courier
}

/** One process of the platform. */
interface Process {
  readonly life: Life
  readonly runtime: Runtime
  readonly app: App
  readonly timers: HandTimers
  /** Its job that asks the provider what webhooks have missed. */
  readonly reconciliation: Reconciliation
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export type System = Awaited<ReturnType<typeof openSystem>>

const EventName = z.object({ id: z.string(), type: z.string() })

/** Opens a system at `start` (by default 2027-01-10). Close it when done. */
export async function openSystem(options: SystemOptions = {}) {
  const clock = createTestClock(options.start ?? '2027-01-10T00:00:00.000Z')
  const log = options.log ?? silentLog
  const metrics = createMetrics()
  const mailer = createOutbox({ log, limit: 10_000 })

  let store = options.store ?? createEmbeddedStore(openFile(':memory:'))
  let charts = options.charts
  let secrets = options.secrets ?? [webhookSecret]
  let holding = false
  let down = false
  let courier: Courier | null = null
  let requests = 0
  const held: HeldWebhook[] = []

  async function send(headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    if (down) return 503
    const taker = holding ? held : courier
    if (taker === null) {
      const init = { method: 'POST', headers, body }
      return (await processes[0].app.request('/webhooks/stripe', init)).status
    }
    const { id, type } = EventName.parse(JSON.parse(body))
    const webhook = { body, eventId: id, type }
    if (taker === held) held.push(webhook)
    else courier?.take(webhook, clock.now())
    return 200
  }
  const { billing, seed = 'world' } = options
  const { twin, fetch, stripe } = openTwin({
    clock,
    seed,
    log,
    storage: keepInMemory(),
    ...(billing ? { billing } : {}),
    send,
  })

  const fetchOurs: FetchLike = (url, init) => {
    const request = new Request(url, init)
    options.onRequest?.(`${request.method} ${new URL(request.url).pathname}`)
    return fetch(url, init)
  }

  async function boot(): Promise<Process> {
    const grip = alive(store, fetchOurs)
    const timers = createHandTimers()
    const { runtime, app, reconciliation } = composeProcess({
      store: grip.store,
      clock,
      fetch: grip.fetch,
      log,
      metrics,
      mailer,
      timers,
      webhooks: webhooksOf(secrets),
      // What another process commits is seen at the next read.
      httpLimits: { entitlementsFreshMs: -1 },
      sandbox: {
        now: () => clock.now(),
        advanceTo: async (to) => {
          await time.advanceTo(to)
          return { now: clock.now() }
        },
        setChaos: (dial) => twin.chaos.set(dial),
        chaos: () => ({ ...twin.chaos.get() }),
      },
      ...(options.limits ? { limits: options.limits } : {}),
      ...(options.readBudget ? { readBudget: options.readBudget } : {}),
      ...(options.policy ? { policy: options.policy } : {}),
      ...(charts ? { charts } : {}),
    })
    if (options.onEntry) runtime.subscribe(options.onEntry)
    await runtime.start()
    return { life: grip.life, runtime, app, timers, reconciliation }
  }

  const processes: [Process, ...Process[]] = [await boot()]
  while (processes.length < (options.processes ?? 1)) processes.push(await boot())

  const time = createTime({
    clock,
    twin,
    store: () => store,
    alsoAt: () => courier?.nextAt() ?? null,
    async work() {
      await courier?.bring(clock.now())
      await live(async ({ runtime }) => {
        await runtime.fireDueTimers()
        await runtime.idle()
      })
    },
  })

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

  interface Request {
    readonly role: keyof typeof keyOf | null
    readonly path: string
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
    /** What goes on while the answer waits for the provider's first word. */
    readonly meanwhile?: (process: Process) => Promise<void>
  }

  async function request(method: 'GET' | 'POST', asked: Request): Promise<Answer> {
    const { role, path, body, headers, meanwhile = idle } = asked
    if (method === 'POST') requests += 1
    const process = processes[0]
    const asking = process.app.request(path, {
      method,
      headers: {
        // Ids are derived from it: the same story has the same ids.
        ...(method === 'POST' ? { 'idempotency-key': `request-${requests}` } : {}),
        ...(role ? { authorization: `Bearer ${keyOf[role]}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(role === 'admin' ? { 'x-operator': 'test' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answering = Promise.race([asking, process.life.end]).catch((error: unknown) => {
      if (error instanceof ProcessDied) return new Response('', { status: 502 })
      throw error
    })
    const response = await answerOf(answering, process.timers, () => meanwhile(process))
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      headers: response.headers,
    }
  }

  async function idle({ runtime, life }: Process): Promise<void> {
    await Promise.race([runtime.idle(), life.end]).catch((error: unknown) => {
      if (!life.isOver) throw error
    })
  }

  const system = {
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
    stripe,
    ...time,
    /** The first process's job that asks the provider what webhooks have missed. */
    get reconciliation() {
      return processes[0].reconciliation
    },
    get: (role: keyof typeof keyOf | null, path: string) => request('GET', { role, path }),
    post: (
      role: keyof typeof keyOf | null,
      path: string,
      body: unknown,
      headers: Readonly<Record<string, string>> = {},
    ) => request('POST', { role, path, body, headers }),
    /** The same, while all that is due goes on: what the answer waits for may come by webhook. */
    postAndSettle: (role: keyof typeof keyOf | null, path: string, body: unknown) =>
      request('POST', { role, path, body, meanwhile: () => time.settle() }),
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
  courier = options.courier?.(system) ?? null
  return system
}
