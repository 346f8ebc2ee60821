import { plusMs } from '../values/instant.ts'
import type { Home } from './homes.ts'
import { timed } from './measure.ts'
import type { Part } from './part.ts'
import { openBenchSystem } from './platform.ts'
import { printTable, printTitle } from './print.ts'
import { subscribe } from './subscribers.ts'

const webhooks = 20

/** What is as new as the last by the provider's stamp is asked for afresh: one entry more. */
const distances = [
  ['a second apart', 1_000],
  ['in one second', 0],
] as const

/**
 * News of a subscription, so far apart by the provider's clock, each followed until nothing is left
 * to do.
 */
async function trafficOf(home: Home, apartMs: number) {
  const system = openBenchSystem(home.store)
  await subscribe(system, { plan: 'pro_monthly', collection: 'provider', count: 1 })
  const { data } = await system.stripe.subscriptions.list()
  const id = data[0]?.id ?? ''
  const sent = () => home.traffic?.() ?? { roundTrips: 0, documents: 0 }
  const idleFrom = sent()
  await system.runtime.idle()
  // Looks for more work when there is none: not of any webhook.
  const idle = sent().roundTrips - idleFrom.roundTrips
  const from = sent()
  const posted = system.webhooks()
  const took = await timed(async () => {
    for (let n = 0; n < webhooks; n += 1) {
      system.clock.advanceTo(plusMs(system.clock.now(), apartMs))
      await system.stripe.subscriptions.update(id, { cancel_at_period_end: n % 2 === 0 })
      await system.twin.runDue()
      await system.runtime.idle()
    }
  })
  const count = system.webhooks() - posted
  const roundTrips = sent().roundTrips - from.roundTrips - webhooks * idle
  const documents = sent().documents - from.documents
  await system.stop()
  return { count, roundTrips, documents, took }
}

export const webhook: Part = {
  name: 'webhook',
  about: 'what one webhook asks of the database, until nothing is left to do',
  async run({ homes, withHome }) {
    const rows: string[][] = []
    for (const name of homes) {
      for (const [apart, apartMs] of distances) {
        const { count, roundTrips, documents, took } = await withHome(name, (home) =>
          trafficOf(home, apartMs),
        )
        const isServer = name === 'mongo'
        rows.push([
          name,
          apart,
          isServer ? (roundTrips / count).toFixed(1) : '-',
          isServer ? (documents / count).toFixed(1) : '-',
          (took.ms / count).toFixed(1),
          (took.cpuMs / count).toFixed(1),
        ])
      }
    }
    printTitle("a webhook with a subscription's news, to quiet")
    printTable(['store', 'news', 'round trips', 'documents', 'ms', 'CPU ms'], rows)
  },
}
