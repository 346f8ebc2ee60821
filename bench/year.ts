import { keyOf } from '../test/harness/process.ts'
import { plusDays, plusMs } from '../values/instant.ts'
import type { Home } from './homes.ts'
import { printTable, printTitle, whole } from './measure.ts'
import { openBenchSystem } from './platform.ts'
import { beginsAt } from './workloads.ts'

export interface YearOptions {
  readonly home: Home
  readonly subscribers: number
  readonly days: number
}

/**
 * So many subscribers sign up over four weeks and live a year: every renewal, charge and webhook happens, on the
 * simulated Stripe, through the real SDK and our own webhook door. One card in ten begins to fail.
 */
export async function measureYear({ home, subscribers, days }: YearOptions): Promise<void> {
  const system = openBenchSystem(home.store)
  const headers = {
    authorization: `Bearer ${keyOf.dashboard}`,
    'content-type': 'application/json',
  }

  async function post(path: string, body: object): Promise<string> {
    const answer = await system.app.request(path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    const shown: unknown = await answer.json()
    const isShown = typeof shown === 'object' && shown !== null && 'id' in shown
    if (!isShown || typeof shown.id !== 'string') throw new Error(`${path}: ${answer.status}`)
    return shown.id
  }

  const from = performance.now()
  let entries = 0
  system.runtime.subscribe(() => {
    entries += 1
  })
  for (let n = 0; n < subscribers; n += 1) {
    await system.advanceTo(plusMs(beginsAt, Math.floor((n * 28 * 86_400_000) / subscribers)))
    const account = await post('/v1/accounts', { email: `s${n}@example.com`, currency: 'usd' })
    await system.settle()
    const token = n % 10 === 9 ? 'pm_card_chargeCustomerFail' : 'pm_card_visa'
    await post(`/v1/accounts/${account}/payment-methods`, {
      provider: 'stripe',
      token: 'pm_card_visa',
    })
    await system.settle()
    await post('/v1/subscriptions', { account, plan: 'starter_monthly' })
    await system.settle()
    if (token !== 'pm_card_visa') {
      await post(`/v1/accounts/${account}/payment-methods`, { provider: 'stripe', token })
      await system.settle()
    }
  }
  const joined = performance.now()
  await system.advanceTo(plusDays(beginsAt, days))
  const done = performance.now()
  await system.stop()
  printTitle(
    `${whole(subscribers)} subscribers for ${whole(days)} simulated days on the ${home.name}`,
  )
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  printTable(
    ['what', 'how much'],
    [
      ['seconds in all', seconds(done - from)],
      ['seconds until all had joined', seconds(joined - from)],
      ['journal entries', whole(entries)],
      ['webhooks', whole(system.webhooks())],
      ['entries per second', whole((entries * 1000) / (done - from))],
    ],
  )
}
