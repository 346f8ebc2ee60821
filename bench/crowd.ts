import { plusMs } from '../values/instant.ts'
import type { Home } from './homes.ts'
import { timed } from './measure.ts'
import type { Part } from './part.ts'
import { openBenchSystem } from './platform.ts'
import { printTable, printTitle, whole } from './print.ts'
import { beginsAt } from './workloads.ts'

const customers = 300
const readBudget = { perSecond: 25, burst: 50 }
const patienceMs = 10 * 60_000
/** So long after the last sign of work it is quiet. */
const silenceMs = 60_000

/** The business's own people make customers unknown to us; three webhooks tell of each. */
async function live(home: Home) {
  const system = openBenchSystem(home.store, { readBudget })
  for (let n = 0; n < customers; n += 1) {
    const { id: customer } = await system.stripe.customers.create({ email: `c${n}@example.com` })
    const { id } = await system.stripe.paymentMethods.attach('pm_card_visa', { customer })
    await system.stripe.customers.update(customer, {
      invoice_settings: { default_payment_method: id },
    })
  }
  let lastMs = 0
  const took = await timed(async () => {
    for (let ms = 0; ms <= Math.min(patienceMs, lastMs + silenceMs); ms += 1_000) {
      const before = system.reads() + system.entries() + system.retries()
      await system.advanceTo(plusMs(beginsAt, ms))
      if (system.reads() + system.entries() + system.retries() === before) continue
      lastMs = ms
    }
  })
  const { reads, retries, entries, webhooks } = system
  const figures = { reads: reads(), retries: retries(), entries: entries(), webhooks: webhooks() }
  await system.stop()
  return { ...figures, took, seconds: lastMs / 1_000 }
}

export const crowd: Part = {
  name: 'crowd',
  about: 'customers that we did not create, three webhooks each, all at once',
  async run({ homes, withHome }) {
    const rows: string[][] = []
    for (const name of homes) {
      const crowd = await withHome(name, live)
      rows.push([
        name,
        whole(crowd.seconds),
        whole(crowd.webhooks),
        whole(crowd.reads),
        whole(crowd.retries),
        whole(crowd.entries),
        (crowd.took.cpuMs / 1_000).toFixed(1),
      ])
    }
    const pace = `${readBudget.perSecond} reads a second, ${readBudget.burst} at once`
    printTitle(`${whole(customers)} unlabelled customers, three webhooks each, at once; ${pace}`)
    const head = ['store', 'simulated seconds to quiet', 'webhooks', 'reads', 'retries', 'entries']
    printTable([...head, 'CPU seconds'], rows)
  },
}
