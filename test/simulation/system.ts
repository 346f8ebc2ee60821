import type { Charts } from '../../actors/decision/chart.ts'
import type { Store } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import type { App } from '../../http/env.ts'
import { createMetrics } from '../../http/operations/metrics.ts'
import { charts as today } from '../../machines/index.ts'
import { createOutbox } from '../../providers/mail/outbox.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import { worst } from '../../twins/kernel/chaos.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import { composeProcess, keyOf } from '../harness/process.ts'
import { createTime } from '../harness/time.ts'
import { openTwin } from '../harness/twin.ts'
import { watch } from '../scenarios/invariants.ts'
import { createAlarms } from './alarms.ts'
import { breaking } from './broken-performer.ts'
import { createDraw } from './draw.ts'
import { createLife, fairWeather, type Life, type Weather } from './life.ts'
import { nextCharts } from './next-release.ts'

// The whole platform, in one or two processes that die and come back over the same store, beside
// the simulated Stripe, on one clock. Chance comes from the seed alone, so that a run can be lived
// again.

/** How far time goes at once while two releases change places. */
const stepMs = 10 * 60_000

export type Role = Exclude<keyof typeof keyOf, 'narrow'>

export const beginsAt: Instant = '2027-01-10T00:00:00.000Z'

/** What happens to the machinery while the story lasts. */
export const badWeather: Weather = { storeFails: 0.02, callsBreak: 0.03, dies: 0.003 }

export interface SimulationOptions {
  readonly seed: string
  /** Opens the store of another process. On the embedded file all share the one owner's. */
  readonly stores: () => Promise<Store>
  readonly processes: 1 | 2
}

/** How a provider that takes nothing answers whatever would change something. */
export type Silence = 'http429' | 'http500'

interface Process {
  readonly release: Charts
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

export async function openSimulation(options: SimulationOptions) {
  const { seed } = options
  const clock = createTestClock(beginsAt)
  const watched = createAlarms(clock)
  const { log, alarms, parkedEver } = watched
  const metrics = createMetrics()
  const mailer = createOutbox({ log, limit: 10_000 })
  const steps = watch()
  const dice = createDraw(seed, 'processes')
  const base = await options.stores()
  const opened = [base]
  let weather: Weather = fairWeather
  let release: Charts = today
  let isBroken = false
  let requests = 0
  let deaths = 0

  const { twin, fetch, stripe } = openTwin({
    clock,
    seed,
    log,
    async send(headers, body) {
      const answer = await ask({ path: '/webhooks/stripe', method: 'POST', headers, body })
      return answer.status
    },
  })

  function boot(store: Store): Process {
    const charts = release
    const life = createLife({ store, fetch, draw: dice, weather: () => weather })
    const { runtime, app, reconciliation } = composeProcess({
      store: life.store,
      clock,
      charts,
      around: (real) => breaking(real, seed, () => isBroken),
      fetch: life.fetch,
      log,
      metrics,
      mailer,
      limits: { headsCached: 30, concurrency: 8 },
      // Real time plays no part: nobody waits for a first word, and memory is checked at each read.
      httpLimits: { firstWordMs: 0, entitlementsFreshMs: -1 },
    })
    runtime.subscribe((entry) => steps.see(entry))
    return { release: charts, life, store, runtime, app, reconcile: () => reconciliation.run() }
  }

  /**
   * Starts one; what dies on the way, or finds no store, is started again as an operator would have
   * it.
   */
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

  async function work({ runtime }: Process): Promise<void> {
    try {
      await runtime.fireDueTimers()
      await runtime.idle()
    } catch {
      // Its job comes again; if it has died, another process does.
    }
  }

  /** Processes of today's release that were not ended when the next one came. */
  const reserve: Process[] = []

  /** The two releases change places; each ends what it is doing first. */
  async function swap(): Promise<void> {
    await Promise.all(processes.map(work))
    await revive()
    for (const [place, process] of reserve.entries()) {
      const other = processes[place]
      if (other === undefined || !process.life.isAlive()) continue
      reserve[place] = other
      processes[place] = process
    }
  }

  const time = createTime({
    clock,
    twin,
    store: () => base,
    async work() {
      await revive()
      await Promise.all(processes.map(work))
    },
  })

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
    stripe,
    /** A process that is alive now. */
    async runtime(): Promise<Runtime> {
      await revive()
      const [process] = processes
      if (process === undefined) throw new Error('no process is left')
      return process.runtime
    },
    /** What broke a rule that holds at every step, while it was committed. */
    violations: () => steps.violations,
    ...time,
    /** The job that asks the provider what webhooks have missed, as often as it wants to go on. */
    async reconcile(): Promise<void> {
      for (let runs = 1; runs <= 100; runs += 1) {
        await revive()
        const process = processes[dice.below(processes.length)]
        const { done } = (await process?.reconcile().catch(() => ({ done: false }))) ?? {
          done: true,
        }
        await time.settle()
        if (done) return
      }
      throw new Error('the reconciliation never ends')
    },
    ask(
      role: Role,
      method: 'GET' | 'POST',
      path: string,
      sent: RequestFields = {},
    ): Promise<Answer> {
      const { key, body } = sent
      return ask({
        path,
        method,
        headers: {
          authorization: `Bearer ${keyOf[role]}`,
          ...(role === 'admin' ? { 'x-operator': 'ann' } : {}),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    },
    /** The customer answers the bank's page. */
    answerBank: (pageUrl: string, answer: 'complete' | 'fail') =>
      fetch(pageUrl, { method: 'POST', body: new URLSearchParams({ answer }) }),
    /** The charts of the release that has come last. */
    charts: (): Charts => release,
    /** Every effect that was ever parked. */
    parkedEver,
    /** The next release comes: its processes take the place of today's, which do nothing more. */
    async deploy(): Promise<void> {
      await Promise.all(processes.map(work))
      await revive()
      release = nextCharts
      reserve.push(...processes)
      for (const [place, { store }] of processes.entries()) processes[place] = await started(store)
    },
    /**
     * Back to the processes of today's release, as far as they live, and after a while forward
     * again. What only the next one can read is due all the while, so time goes on in steps.
     */
    async goBack(ms: number): Promise<void> {
      await swap()
      const endsAt = plusMs(clock.now(), ms)
      while (clock.now() < endsAt) {
        clock.advanceTo(plusMs(clock.now(), stepMs))
        await twin.runDue()
        await revive()
        await Promise.all(processes.map(work))
      }
      await swap()
    },
    /** Performers throw for some effects, before or after they have done what was asked. */
    breakPerformers(broken: boolean): void {
      isBroken = broken
    },
    /** The provider takes nothing until the next storm or calm. */
    silence(how: Silence): void {
      watched.expectOutages()
      twin.chaos.set({ ...worst(seed), [how]: 1 })
    },
    storm(): void {
      weather = badWeather
      twin.chaos.set({ ...worst(seed), http500: 0.05, http429: 0.05 })
    },
    calm(): void {
      isBroken = false
      weather = fairWeather
      twin.chaos.set({})
    },
    async close(): Promise<void> {
      for (const { runtime } of [...processes, ...reserve]) await runtime.stop()
      await twin.stop()
      for (const store of opened) await store.close()
    },
  }
}

export interface RequestFields {
  readonly key?: string
  readonly body?: unknown
}
