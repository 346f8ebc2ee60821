import { keyOf } from '../test/harness/process.ts'
import { pump } from './measure.ts'
import type { BenchSystem } from './platform.ts'

export const headers = {
  authorization: `Bearer ${keyOf.dashboard}`,
  'content-type': 'application/json',
}

async function post(system: BenchSystem, path: string, body: object): Promise<string> {
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await system.app.request(path, init)
  const shown: unknown = await answer.json()
  const isShown = typeof shown === 'object' && shown !== null && 'id' in shown
  if (!isShown || typeof shown.id !== 'string') throw new Error(`${path}: ${answer.status}`)
  return shown.id
}

export interface Signup {
  readonly plan: string
  readonly collection: 'provider' | 'platform'
  /** Customers who come at this moment, all at once. */
  readonly count: number
}

let customers = 0

/**
 * So many sign up, add a card that works, and subscribe. Answers their accounts and subscriptions.
 */
export async function subscribe(system: BenchSystem, { plan, collection, count }: Signup) {
  const joining = Array.from({ length: count }, () => {
    customers += 1
    return { email: `s${customers}@example.com`, account: '', subscription: '' }
  })
  await pump(joining, 32, async (one) => {
    one.account = await post(system, '/v1/accounts', { email: one.email, currency: 'usd' })
  })
  await system.settle()
  await pump(joining, 32, ({ account }) => addCard(system, account, 'pm_card_visa'))
  await system.settle()
  await pump(joining, 32, async (one) => {
    const { account } = one
    one.subscription = await post(system, '/v1/subscriptions', { account, plan, collection })
  })
  await system.settle()
  return joining
}

export async function addCard(system: BenchSystem, account: string, token: string): Promise<void> {
  await post(system, `/v1/accounts/${account}/payment-methods`, { provider: 'stripe', token })
}
