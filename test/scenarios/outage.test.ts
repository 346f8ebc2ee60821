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
