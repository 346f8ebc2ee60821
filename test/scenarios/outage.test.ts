import { afterEach, describe, expect, test } from 'vitest'
import { calm } from '../../twins/kernel/chaos.ts'
import { msPerHour } from '../../values/instant.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  days,
  stateOf,
  subscribes,
  type Customer,
} from '../harness/scenario.ts'
import type { System } from '../harness/system.ts'
import { webhooksOf } from './webhooks-of.ts'

// The provider takes nothing for longer than any retry budget, over a renewal that the platform
// charges.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

async function aPlatformSubscriber(): Promise<Customer> {
  const ada = await aCustomer()
  open.push(ada.system)
  await addsCard(ada, 'pm_card_visa')
  await subscribes(ada, 'pro_monthly', 'platform')
  await days(ada, 1)
  return ada
}

async function paymentsOf({ system }: Customer): Promise<string[]> {
  const { data } = await system.stripe.paymentIntents.list({ limit: 100 })
  return data.map(({ status }) => status).reverse()
}

async function hours({ system }: Customer, count: number): Promise<void> {
  for (let hour = 0; hour < count; hour += 1) await system.advanceMs(msPerHour)
}

/** The provider answers 429 to whatever would change something, from just before the renewal on. */
async function busyOverTheRenewal(ada: Customer): Promise<void> {
  await ada.system.advanceTo('2027-02-09T23:00:00.000Z')
  ada.system.twin.chaos.set({ ...calm, http429: 1 })
  await hours(ada, 2)
}

describe('A06 the provider answers 429 over a renewal', () => {
  test('M6 for seven hours: the charge is made as soon as it answers, and nothing waits for a person', async () => {
    const ada = await aPlatformSubscriber()
    await busyOverTheRenewal(ada)
    await hours(ada, 6)
    expect(await paymentsOf(ada)).toEqual(['succeeded'])
    expect((await ada.system.store.parked({ cursor: null, limit: 5 })).items).toEqual([])
    ada.system.twin.chaos.set(calm)
    await hours(ada, 2)
    expect(await paymentsOf(ada)).toEqual(['succeeded', 'succeeded'])
    expect(await stateOf(ada)).toMatchObject({
      standing: 'good',
      subscription: 'active',
      granted: allFeatures,
      invoices: ['paid', 'paid'],
    })
  })

  test('M2 for two days: it is made once, though every try in between used a key of its own window', async () => {
    const ada = await aPlatformSubscriber()
    await busyOverTheRenewal(ada)
    await hours(ada, 46)
    ada.system.twin.chaos.set(calm)
    await days(ada, 1)
    expect(await paymentsOf(ada)).toEqual(['succeeded', 'succeeded'])
  })
})

async function cancels({ system, subscription }: Customer, at: string): Promise<void> {
  const answer = await system.post('dashboard', `/v1/subscriptions/${subscription}/cancel`, { at })
  expect(answer.status).toBe(202)
  await system.settle()
}

/** Asks for a plan while the provider takes nothing. */
async function subscribesInAnOutage(
  collection: 'provider' | 'platform' = 'platform',
): Promise<Customer> {
  const ada = await aCustomer()
  open.push(ada.system)
  await addsCard(ada, 'pm_card_visa')
  ada.system.twin.chaos.set({ ...calm, http429: 1 })
  await subscribes(ada, 'pro_monthly', collection)
  await hours(ada, 2)
  return ada
}

describe('A02 a first payment that the provider has not taken yet', () => {
  test.each`
    ends                     | status                  | why
    ${['now']}               | ${'canceled'}           | ${'is cancelled by the customer'}
    ${['period_end', 'now']} | ${'canceled'}           | ${'is cancelled with its period, and then at once'}
    ${['expires']}           | ${'incomplete_expired'} | ${'is waited for no longer'}
  `('M6 is not made where the subscription $why', async ({ ends, status }) => {
    const ada = await subscribesInAnOutage()
    for (const end of ends) {
      if (end === 'expires') await hours(ada, 24)
      else await cancels(ada, end)
    }
    expect(await stateOf(ada)).toMatchObject({ subscription: status, granted: [] })
    ada.system.twin.chaos.set(calm)
    await days(ada, 3)
    expect(await paymentsOf(ada)).toEqual([])
    expect(await stateOf(ada)).toMatchObject({
      standing: 'good',
      subscription: status,
      granted: [],
      invoices: ['void'],
    })
    expect((await ada.system.store.parked({ cursor: null, limit: 5 })).items).toEqual([])
  })

  test('M6 is not asked of a provider that collects, and the subscription is not even made', async () => {
    const ada = await subscribesInAnOutage('provider')
    await cancels(ada, 'now')
    ada.system.twin.chaos.set(calm)
    await days(ada, 3)
    expect((await ada.system.stripe.subscriptions.list({ status: 'all' })).data).toEqual([])
    expect(await stateOf(ada)).toMatchObject({ subscription: 'incomplete_expired', granted: [] })
  })
})

describe('A02 money that comes for a subscription that was cancelled meanwhile', () => {
  test('M6 goes back, and the customer is told', async () => {
    const ada = await aCustomer()
    open.push(ada.system)
    const { system } = ada
    await addsCard(ada, 'pm_card_authenticationRequired')
    const page = (await subscribes(ada, 'pro_monthly', 'platform')) ?? ''
    await webhooksOf(system, async () => {
      await system.authenticate(page)
      await cancels(ada, 'period_end')
      await cancels(ada, 'now')
    })
    await days(ada, 3)
    expect(await stateOf(ada)).toMatchObject({
      standing: 'good',
      subscription: 'canceled',
      granted: [],
      invoices: ['void'],
    })
    expect((await system.stripe.refunds.list()).data).toMatchObject([{ amount: 2900 }])
    const shown = await system.get('dashboard', `/v1/invoices?account=${ada.account}`)
    expect(shown.body).toMatchObject({
      data: [{ status: 'void', amount_paid: 2900, amount_refunded: 2900, amount_remaining: 0 }],
    })
    expect(system.mails()).toMatchObject([{ template: 'payment_returned' }])
  })
})
