import { plusDays, plusMs } from '../values/instant.ts'
import type { Home } from './homes.ts'
import { timed } from './measure.ts'
import type { Ground, Part } from './part.ts'
import { openBenchSystem } from './platform.ts'
import { printTable, printTitle, whole } from './print.ts'
import { addCard, subscribe } from './subscribers.ts'
import { beginsAt } from './workloads.ts'

const joiningMs = 28 * 86_400_000

/**
 * So many subscribers sign up over four weeks and live a year: every renewal, charge and webhook
 * happens, on the simulated Stripe, through the real SDK and our own webhook door. One card in ten
 * begins to fail.
 */
async function live(home: Home, { subscribers, days }: Ground['options']) {
  const system = openBenchSystem(home.store)
  const took = await timed(async () => {
    for (let n = 0; n < subscribers; n += 1) {
      await system.advanceTo(plusMs(beginsAt, Math.floor((n * joiningMs) / subscribers)))
      const wanted = { plan: 'starter_monthly', collection: 'provider', count: 1 } as const
      const [one] = await subscribe(system, wanted)
      if (n % 10 !== 9 || one === undefined) continue
      await addCard(system, one.account, 'pm_card_chargeCustomerFail')
      await system.settle()
    }
    await system.advanceTo(plusDays(beginsAt, days))
  })
  await system.stop()
  return { took, entries: system.entries(), webhooks: system.webhooks() }
}

export const year: Part = {
  name: 'year',
  about: 'subscribers who live a year on the simulated Stripe',
  async run({ withHome, options }) {
    const { took, entries, webhooks } = await withHome('embedded', (home) => live(home, options))
    const { subscribers, days } = options
    printTitle(`${whole(subscribers)} subscribers for ${whole(days)} simulated days, embedded`)
    printTable(
      ['seconds', 'CPU seconds', 'entries', 'webhooks', 'ms an entry', 'CPU ms an entry'],
      [
        [
          (took.ms / 1_000).toFixed(1),
          (took.cpuMs / 1_000).toFixed(1),
          whole(entries),
          whole(webhooks),
          (took.ms / entries).toFixed(2),
          (took.cpuMs / entries).toFixed(2),
        ],
      ],
    )
  },
}
