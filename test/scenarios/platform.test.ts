import { afterEach, describe, expect, test } from 'vitest'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { instantOfSeconds, msPerHour } from '../../values/instant.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  days,
  stateOf,
  subscribes,
  type Customer,
} from '../harness/scenario.ts'
import type { System, SystemOptions } from '../harness/system.ts'
import { newest } from './canonical.ts'
import { liveAttempts } from './invariants.ts'
import { underSchedules } from './schedules.ts'
import { bring, webhooksOf } from './webhooks-of.ts'

// The platform bills by its own calendar and charges the card itself.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

async function aPlatformSubscriber(options: SystemOptions = {}, token = 'pm_card_visa') {
  const ada = await aCustomer(options)
  await addsCard(ada, token)
  await subscribes(ada, 'pro_monthly', 'platform')
  return ada
}

/** Every charge that reached Stripe, oldest first: `<period>/<attempt> <status>`. */
async function chargesOf({ system }: Customer): Promise<string[]> {
  const { data } = await system.stripe.paymentIntents.list({ limit: 100 })
  return data
    .map(({ status, metadata }) => {
      const period = metadata['tenure_invoice']?.split('_').at(-1)
      return `${period}/${metadata['tenure_attempt']} ${status}`
    })
    .reverse()
}

const paidUp = { standing: 'good', subscription: 'active', granted: allFeatures }

describe('the first payment of a subscription that the platform bills', () => {
  test('waits for the customer at the bank, grants nothing meanwhile, and then all', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aCustomer(options)
        await addsCard(ada, 'pm_card_authenticationRequired')
        const page = await subscribes(ada, 'pro_monthly', 'platform')
        expect(page).toContain('/3ds/')
        expect(await stateOf(ada)).toMatchObject({ subscription: 'incomplete', granted: [] })
        await days(ada, 0.01)
        await ada.system.authenticate(page ?? '')
        await days(ada, 3)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({ ...paidUp, invoices: ['paid'] })
        expect(await chargesOf(ada)).toStrictEqual(['0/1 succeeded'])
      },
    })
  })

  test('expires after 23 hours, and can then take no money', async () => {
    await underSchedules(10, {
      async lives(options) {
        const ada = await aCustomer(options)
        await addsCard(ada, 'pm_card_authenticationRequired')
        await subscribes(ada, 'pro_monthly', 'platform')
        await days(ada, 5)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          standing: 'good',
          subscription: 'incomplete_expired',
          granted: [],
          invoices: ['void'],
        })
        expect(await chargesOf(ada)).toStrictEqual(['0/1 canceled'])
      },
    })
  })
})

describe('M2 a renewal that the platform bills', () => {
  test('is charged once at each boundary, and its periods tile', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aPlatformSubscriber(options)
        await days(ada, 31 + 28 + 31 + 3)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({ ...paidUp, invoices: Array(4).fill('paid') })
        expect(await chargesOf(ada)).toStrictEqual([0, 1, 2, 3].map((k) => `${k}/1 succeeded`))
        expect(await periodsOf(ada.system)).toStrictEqual([
          '2027-01-10 2027-02-10',
          '2027-02-10 2027-03-10',
          '2027-03-10 2027-04-10',
          '2027-04-10 2027-05-10',
        ])
      },
    })
  })

  test('is charged at its boundary, to the second', async () => {
    const ada = await aPlatformSubscriber()
    open.push(ada.system)
    await ada.system.advanceTo('2027-02-09T23:59:59.999Z')
    expect(await chargesOf(ada)).toHaveLength(1)
    await ada.system.advanceTo('2027-02-10T00:00:00.000Z')
    const { data } = await ada.system.stripe.paymentIntents.list()
    expect(data.map(({ created }) => instantOfSeconds(created))).toStrictEqual([
      '2027-02-10T00:00:00.000Z',
      '2027-01-10T00:00:00.000Z',
    ])
  })
})

async function periodsOf(system: System): Promise<string[]> {
  const invoices = await newest(system, 'invoice')
  return invoices
    .map(({ snapshot }) => InvoiceContext.parse(snapshot.state['context']).issue?.period)
    .map((period) => `${period?.start.slice(0, 10)} ${period?.end.slice(0, 10)}`)
    .sort()
}

describe('a renewal that is declined', () => {
  test('is tried again on the policy’s days, until a new card pays it', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aPlatformSubscriber(options)
        await days(ada, 20)
        await addsCard(ada, 'pm_card_chargeCustomerFail')
        await days(ada, 11.5)
        expect(await stateOf(ada)).toMatchObject({
          standing: 'delinquent',
          subscription: 'past_due',
          granted: allFeatures,
        })
        await days(ada, 6)
        await addsCard(ada, 'pm_card_visa')
        await days(ada, 2)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          ...paidUp,
          paymentMethod: 'valid',
          invoices: ['paid', 'paid'],
        })
        expect(await chargesOf(ada)).toStrictEqual([
          '0/1 succeeded',
          '1/1 canceled',
          '1/2 canceled',
          '1/3 canceled',
          '1/4 succeeded',
        ])
      },
    })
  })

  test('is written off and bans, until a new card pays it', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aPlatformSubscriber(options)
        await days(ada, 20)
        await addsCard(ada, 'pm_card_chargeCustomerFail')
        await days(ada, 27)
        const owing = { subscription: 'unpaid', invoices: ['paid', 'uncollectible'] }
        expect(await stateOf(ada)).toMatchObject({ ...owing, standing: 'bad_debt', granted: [] })
        await days(ada, 5)
        expect(await stateOf(ada)).toMatchObject({ ...owing, standing: 'banned', granted: [] })
        await addsCard(ada, 'pm_card_visa')
        await days(ada, 2)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          ...paidUp,
          paymentMethod: 'valid',
          invoices: ['paid', 'paid'],
        })
        expect(await chargesOf(ada)).toStrictEqual([
          '0/1 succeeded',
          ...[1, 2, 3, 4, 5].map((attempt) => `1/${attempt} canceled`),
          '1/6 succeeded',
        ])
      },
    })
  })
})

describe('a cancellation with the period', () => {
  test('keeps what was paid for until its end, and bills nothing after', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aPlatformSubscriber(options)
        await days(ada, 10)
        const path = `/v1/subscriptions/${ada.subscription}/cancel`
        const answer = await ada.system.post('dashboard', path, { at: 'period_end' })
        expect(answer.status).toBe(202)
        await days(ada, 20)
        expect(await stateOf(ada)).toMatchObject(paidUp)
        await days(ada, 40)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          standing: 'good',
          subscription: 'canceled',
          granted: [],
          refusedFor: ['subscription_ended'],
          invoices: ['paid'],
        })
        expect(await chargesOf(ada)).toStrictEqual(['0/1 succeeded'])
      },
    })
  })

  test('that was taken back renews as if nothing had been asked', async () => {
    const ada = await aPlatformSubscriber()
    open.push(ada.system)
    const path = `/v1/subscriptions/${ada.subscription}`
    await ada.system.post('dashboard', `${path}/cancel`, { at: 'period_end' })
    await days(ada, 30)
    await ada.system.post('dashboard', `${path}/resume`, {})
    await days(ada, 3)
    expect(await stateOf(ada)).toMatchObject({ ...paidUp, invoices: ['paid', 'paid'] })
  })
})

describe('M1 several ways to pay one invoice at once', () => {
  test('who has paid at the bank, and asks to pay before we know, is charged once', async () => {
    const ada = await aCustomer()
    open.push(ada.system)
    const { system } = ada
    await addsCard(ada, 'pm_card_authenticationRequired')
    const page = (await subscribes(ada, 'pro_monthly', 'platform')) ?? ''
    const webhooks = await webhooksOf(system, async () => {
      await system.authenticate(page)
      const [invoice] = await newest(system, 'invoice')
      const path = `/v1/invoices/${invoice?.actor.split('/')[1]}/pay`
      expect((await system.post('dashboard', path, {})).status).toBe(202)
    })
    expect(await chargesOf(ada)).toStrictEqual(['0/1 succeeded'])
    await bring(system, webhooks)
    expect(await stateOf(ada)).toMatchObject({ ...paidUp, invoices: ['paid'] })
    expect(await chargesOf(ada)).toStrictEqual(['0/1 succeeded'])
  })

  test('only one of them can take money, in however many processes they begin', async () => {
    const ada = await aPlatformSubscriber({ processes: 2 })
    open.push(ada.system)
    const { system } = ada
    await addsCard(ada, 'pm_card_chargeCustomerFail')
    await days(ada, 32)
    const unpaid = (await newest(system, 'invoice')).find(({ snapshot }) =>
      JSON.stringify(snapshot.state['value']).includes('open'),
    )
    const path = `/v1/invoices/${unpaid?.actor.split('/')[1]}/pay`
    await Promise.all([
      system.post('dashboard', path, {}),
      system.post('dashboard', path, {}),
      addsCard(ada, 'pm_card_visa'),
      system.post('admin', path, {}),
    ])
    await system.settle()
    expect(await liveAttempts(system)).toStrictEqual([])
    await system.advanceMs(3 * msPerHour)
    expect(await liveAttempts(system)).toStrictEqual([])
    // Whatever the first of them charged, the policy's next try takes the card that works.
    await days(ada, 4)
    expect(await stateOf(ada)).toMatchObject({ ...paidUp, invoices: ['paid', 'paid'] })
    const taken = (await chargesOf(ada)).filter((charge) => charge.endsWith('succeeded'))
    expect(taken).toHaveLength(2)
  })
})
