import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../values/instant.ts'
import type { Home } from './homes.ts'
import { quantile, timed } from './measure.ts'
import type { Ground, Part } from './part.ts'
import { openBenchSystem, type BenchSystem } from './platform.ts'
import { printTable, printTitle, whole } from './print.ts'
import { headers, subscribe } from './subscribers.ts'

const eve: Instant = '2027-02-09T23:59:00.000Z'
const morning: Instant = '2027-02-10T02:00:00.000Z'
const latencyMs = 20
const probeMs = 20

/** Asks the API all the while, and answers how long each answer took. */
function probe(system: BenchSystem, paths: readonly string[]) {
  const tookMs: number[] = []
  let isOver = false
  async function ask(path: string, from: number): Promise<void> {
    const answer = await system.app.request(path, { headers })
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}`)
    tookMs.push(performance.now() - from)
  }
  async function askAll(): Promise<void> {
    const asked: Promise<void>[] = []
    let dueMs = performance.now()
    for (let n = 0; !isOver; n += 1) {
      dueMs += probeMs
      // Counted from when it was due: a process that stalls delays its askers, too.
      if (dueMs > performance.now()) await sleep(dueMs - performance.now())
      asked.push(ask(paths[n % paths.length] ?? '', dueMs))
    }
    await Promise.all(asked)
  }
  const asking = askAll()
  return async (): Promise<readonly number[]> => {
    isOver = true
    await asking
    return tookMs
  }
}

async function live(home: Home, count: number) {
  const system = openBenchSystem(home.store)
  const wanted = { plan: 'starter_monthly', collection: 'platform', count } as const
  const joined = await subscribe(system, wanted)
  await system.advanceTo(eve)
  const before = { entries: system.entries(), webhooks: system.webhooks() }
  system.slowDown(latencyMs)
  const paths = joined.map(({ subscription }) => `/v1/subscriptions/${subscription}`)
  const calm = probe(system, paths)
  await sleep(1_000)
  const atRest = await calm()
  const stop = probe(system, paths)
  const took = await timed(() => system.advanceTo(morning))
  const meanwhile = await stop()
  await system.stop()
  const entries = system.entries() - before.entries
  return { took, entries, webhooks: system.webhooks() - before.webhooks, atRest, meanwhile }
}

export const night: Part = {
  name: 'night',
  about: 'platform renewals that are due at one moment, and the API meanwhile',
  async run({ homes, withHome, options }: Ground) {
    const count = options.renewals
    const rows: string[][] = []
    for (const name of homes) {
      const night = await withHome(name, (home) => live(home, count))
      const ms = (values: readonly number[], share: number) => quantile(values, share).toFixed(0)
      rows.push([
        name,
        (night.took.ms / 1_000).toFixed(1),
        (night.took.cpuMs / 1_000).toFixed(1),
        (night.entries / count).toFixed(1),
        (night.webhooks / count).toFixed(1),
        ms(night.meanwhile, 0.5),
        ms(night.meanwhile, 0.99),
        ms(night.atRest, 0.99),
      ])
    }
    printTitle(
      `${whole(count)} platform renewals due at once; each POST to Stripe takes ${latencyMs} ms more`,
    )
    const head = ['store', 'seconds', 'CPU seconds', 'entries each', 'webhooks each']
    printTable([...head, 'API p50 ms', 'p99 ms', 'p99 ms at rest'], rows)
  },
}
