import { afterEach, describe, expect, test } from 'vitest'
import { aCustomer, addsCard, stateOf, subscribes } from '../harness/scenario.ts'
import { openSystem, type HeldWebhook, type System, type SystemOptions } from '../harness/system.ts'
import { webhooksOf } from './webhooks-of.ts'

// Many webhooks at once of customers that we did not create: only Stripe can tell whose they are.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

async function crowded(options: SystemOptions = {}) {
  const requests: string[] = []
  const system = await openSystem({
    readBudget: { perSecond: 10, burst: 20 },
    onRequest: (request) => requests.push(request),
    ...options,
  })
  open.push(system)
  return { system, requests }
}

/** Three webhooks of each, none of which says who the customer is to us. */
async function strangers({ stripe }: System, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const { id: customer } = await stripe.customers.create({ email: `s${n}@example.com` })
    await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { name: `Stranger ${n}` })
    ids.push(customer)
  }
  return ids
}

async function delivered({ get }: System, kind: string): Promise<Record<string, number>> {
  const { body } = await get(null, '/metrics')
  const found = String(body).matchAll(
    /^tenure_delivered_total\{kind="([\w.]+)",outcome="(\w+)"\} (\d+)$/gm,
  )
  const counts: Record<string, number> = {}
  for (const [, of, outcome, count] of found)
    if (of === kind && outcome !== undefined) counts[outcome] = Number(count)
  return counts
}

/** They all come in one moment, to the processes in turn: as many at once as the door lets in. */
async function burst(system: System, webhooks: readonly HeldWebhook[]): Promise<void> {
  for (let from = 0; from < webhooks.length; from += 200) {
    const some = webhooks.slice(from, from + 200)
    const answers = await Promise.all(some.map(({ body }, to) => system.deliver(body, { to })))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  }
}

const readsIn = (requests: readonly string[]) =>
  requests.filter((request) => request.startsWith('GET /v1/customers/'))

describe('a crowd of customers that we did not create', () => {
  test('is taken in at the pace of the reads: one for each, every webhook put back once', async () => {
    const { system, requests } = await crowded()
    const webhooks = await webhooksOf(system, () => strangers(system, 100))
    expect(webhooks).toHaveLength(300)
    await burst(system, webhooks)
    // 20 at once, and 10 a second: the last has its turn after 8 seconds.
    await system.advanceMs(12_000)

    const { done, retry = 0 } = await delivered(system, 'event.apply')
    expect(done).toBe(300)
    expect(retry).toBeLessThanOrEqual(300)
    expect(readsIn(requests)).toHaveLength(100)
    expect(new Set(readsIn(requests)).size).toBe(100)
    expect(await system.store.nextClaimAt()).toBeNull()
    expect((await system.store.parked({ cursor: null, limit: 1 })).items).toStrictEqual([])
  })

  test('is taken in by two processes too, whichever claims what the other put back', async () => {
    const { system, requests } = await crowded({ processes: 2 })
    const webhooks = await webhooksOf(system, () => strangers(system, 60))
    await burst(system, webhooks)
    await system.advanceMs(15_000)

    const { done, retry = 0 } = await delivered(system, 'event.apply')
    expect(done).toBe(180)
    expect(retry).toBeLessThanOrEqual(2 * 180)
    expect(readsIn(requests).length).toBeLessThanOrEqual(2 * 60)
    expect(await system.store.nextClaimAt()).toBeNull()
  })

  test('holds up nobody else: a customer of ours signs up and pays meanwhile', async () => {
    const { system } = await crowded()
    await burst(system, await webhooksOf(system, () => strangers(system, 60)))
    const begun = system.clock.now()
    const ada = await aCustomer({ system })
    await addsCard(ada, 'pm_card_visa')
    await subscribes(ada)
    expect(await stateOf(ada)).toMatchObject({ subscription: 'active', invoices: ['paid'] })
    expect(system.clock.now()).toBe(begun)
    expect(await system.store.nextClaimAt()).not.toBeNull()
  })
})
