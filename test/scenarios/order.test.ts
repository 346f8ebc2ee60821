import { afterEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import type { ActorRef } from '../../values/ids.ts'
import { msPerDay } from '../../values/instant.ts'
import { seeded, shuffled } from '../harness/random.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  aSubscriber,
  days,
  stateOf,
  subscribes,
} from '../harness/scenario.ts'
import type { System } from '../harness/system.ts'
import { newest } from './canonical.ts'
import { ledgerOf } from './ledger.ts'
import { underSchedules } from './schedules.ts'
import { bring, ofType, webhooksOf } from './webhooks-of.ts'

// Webhooks that come early, late, twice, tied, or without the ones before them.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

const paidUp = { standing: 'good', subscription: 'active', granted: allFeatures }

async function somebody() {
  const ada = await aCustomer()
  open.push(ada.system)
  return ada
}

async function historyOf(system: System, actor: ActorRef) {
  return (await system.store.history(actor, { cursor: null, limit: 1000 })).items
}

describe('1 a subscription’s news of being active comes before the news of its creation', () => {
  test('it is active, and the late creation changes nothing', async () => {
    const ada = await somebody()
    const { system } = ada
    await addsCard(ada, 'pm_card_authenticationRequiredOnSetup')
    const webhooks = await webhooksOf(system, async () => {
      const page = await subscribes(ada)
      await system.advanceMs(60_000)
      await system.authenticate(page ?? '')
    })
    expect(await stateOf(ada)).toMatchObject({ subscription: 'incomplete', granted: [] })
    await bring(system, [ofType(webhooks, 'customer.subscription.updated')])
    expect(await stateOf(ada)).toMatchObject(paidUp)

    const before = await historyOf(system, `subscription/${ada.subscription}`)
    await bring(system, [ofType(webhooks, 'customer.subscription.created')])
    expect(await historyOf(system, `subscription/${ada.subscription}`)).toStrictEqual(before)

    await bring(system, shuffled(webhooks, seeded('1')))
    expect(await stateOf(ada)).toMatchObject(paidUp)
    expect(await newest(system, 'subscription')).toHaveLength(1)
  })
})

describe('2 the payment of an invoice comes before any word of its subscription', () => {
  test('the subscription is born from the invoice, read, and granted once', async () => {
    const ada = await somebody()
    const { system } = ada
    // Somebody else's purchase makes the plan's price known at Stripe.
    await addsCard(ada, 'pm_card_visa')
    await subscribes(ada, 'starter_monthly')
    const [customer] = (await system.stripe.customers.list()).data
    const [price] = (await system.stripe.prices.list({ limit: 1 })).data
    const webhooks = await webhooksOf(system, () =>
      system.stripe.subscriptions.create({
        customer: customer?.id ?? '',
        items: [{ price: price?.id ?? '' }],
      }),
    )
    await bring(system, [ofType(webhooks, 'invoice.paid')])
    const born = (await newest(system, 'subscription')).find(
      ({ actor }) => actor !== `subscription/${ada.subscription}`,
    )
    expect(born?.snapshot.state['value']).toMatchObject({ status: 'active' })

    await bring(system, shuffled([...webhooks, ...webhooks], seeded('2')))
    expect(await newest(system, 'subscription')).toHaveLength(2)
    const versions = (await historyOf(system, `account/${ada.account}`)).map(({ snapshot }) =>
      JSON.stringify(snapshot.state['context']).includes(born?.actor ?? ''),
    )
    expect(versions.at(-1)).toBe(true)
  })
})

describe('3 two changes of one second tie', () => {
  test.each([
    { order: [0, 1], why: 'in the order in which they happened' },
    { order: [1, 0], why: 'in the other order' },
    { order: [1, 0, 1, 0], why: 'each twice' },
  ])('one read decides between them, told $why', async ({ order }) => {
    const ada = await somebody()
    const { system } = ada
    await addsCard(ada, 'pm_card_visa')
    await subscribes(ada)
    await system.advanceMs(msPerDay)
    const [subscription] = (await system.stripe.subscriptions.list()).data
    const webhooks = await webhooksOf(system, async () => {
      const id = subscription?.id ?? ''
      await system.stripe.subscriptions.update(id, { cancel_at_period_end: true })
      await system.stripe.subscriptions.update(id, { cancel_at_period_end: false })
    })
    expect(webhooks.map(({ type }) => type)).toStrictEqual([
      'customer.subscription.updated',
      'customer.subscription.updated',
    ])
    const before = (await historyOf(system, `subscription/${ada.subscription}`)).length
    await Promise.all(order.map((n) => system.deliver(webhooks[n]?.body ?? '')))
    await system.settle()

    const history = await historyOf(system, `subscription/${ada.subscription}`)
    expect(history.at(-1)?.snapshot.state['value']).toMatchObject({
      status: 'active',
      cancellation: 'none',
    })
    const reads = history
      .slice(before)
      .flatMap(({ effects }) => effects.filter(({ kind }) => kind === 'object.read'))
    expect(reads).toHaveLength(1)
  })
})

describe('5 one fact comes under two event ids', () => {
  test('the second changes nothing, for its content', async () => {
    const ada = await somebody()
    const { system } = ada
    await addsCard(ada, 'pm_card_visa')
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    await bring(system, webhooks)
    const before = await stateOf(ada)
    const known = await historyOf(system, `subscription/${ada.subscription}`)
    const payments = await newest(system, 'payment')
    const renamed = webhooks.map((webhook) => ({
      ...webhook,
      body: webhook.body.replace(webhook.eventId, `${webhook.eventId}again`),
    }))
    await bring(system, renamed)
    // A copy of what a read has followed since is a tie, and is read again to the same end.
    const after = await historyOf(system, `subscription/${ada.subscription}`)
    const factsOf = (entry: Entry | undefined) =>
      entry && contextOf(entry, SubscriptionContext).observed?.facts
    expect(factsOf(after.at(-1))).toStrictEqual(factsOf(known.at(-1)))
    expect(await newest(system, 'payment')).toStrictEqual(payments)
    expect(await stateOf(ada)).toStrictEqual(before)
  })
})

describe('6 a payment’s creation comes after its success', () => {
  test('it stays settled', async () => {
    const ada = await somebody()
    const { system } = ada
    await addsCard(ada, 'pm_card_visa')
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    await bring(system, [ofType(webhooks, 'charge.succeeded')])
    await bring(system, [ofType(webhooks, 'payment_intent.created')])
    const [payment] = await newest(system, 'payment')
    expect(payment?.snapshot.state['value']).toMatchObject({ status: 'succeeded' })
    await bring(system, shuffled(webhooks, seeded('6')))
    const [after] = await newest(system, 'payment')
    expect(after?.snapshot.state['value']).toMatchObject({ status: 'succeeded' })
  })
})

describe('7 a dispute’s end comes before its beginning', () => {
  test('it is lost, the beginning changes nothing, and the loss is booked once', async () => {
    const ada = await somebody()
    const { system } = ada
    await addsCard(ada, 'pm_card_createDispute')
    const webhooks = await webhooksOf(system, async () => {
      await subscribes(ada)
      await days(ada, 9)
    })
    await bring(system, [ofType(webhooks, 'charge.dispute.closed')])
    const [lost] = await newest(system, 'payment')
    expect(lost?.snapshot.state['value']).toMatchObject({ dispute: 'lost' })
    await bring(system, [ofType(webhooks, 'charge.dispute.created')])
    expect(await newest(system, 'payment')).toStrictEqual([lost])
    await bring(system, shuffled([...webhooks, ...webhooks], seeded('7')))
    expect(await ledgerOf(system)).toMatchObject({ provider: 0, dispute_losses: 2900, disputed: 0 })
  })
})

describe('1 to 7, however all of their webhooks come', () => {
  test('a first payment with 3-D Secure and a renewal end the same', async () => {
    await underSchedules(12, {
      async lives(options) {
        const ada = await aCustomer(options)
        await addsCard(ada, 'pm_card_authenticationRequiredOnSetup')
        const page = await subscribes(ada)
        await ada.system.advanceMs(90_000)
        await ada.system.authenticate(page ?? '')
        await days(ada, 33)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toStrictEqual({
          ...paidUp,
          paymentMethod: 'valid',
          refusedFor: [],
          invoices: ['paid', 'paid'],
        })
      },
    })
  })

  test('changes of one day end the same', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aSubscriber(options)
        const { stripe } = ada.system
        await days(ada, 1)
        const [subscription] = (await stripe.subscriptions.list()).data
        for (const cancel_at_period_end of [true, false, true, false]) {
          await stripe.subscriptions.update(subscription?.id ?? '', { cancel_at_period_end })
          await days(ada, 0.02)
          await stripe.customers.update(customerOf(subscription), {
            email: `ada-${cancel_at_period_end}@example.com`,
          })
          await days(ada, 0.02)
        }
        await days(ada, 35)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({ ...paidUp, invoices: ['paid', 'paid'] })
      },
    })
  })

  test('changes of one second end the same', async () => {
    await underSchedules(12, {
      processes: 2,
      async lives(options) {
        const ada = await aSubscriber(options)
        const { stripe } = ada.system
        await days(ada, 1)
        const [subscription] = (await stripe.subscriptions.list()).data
        for (const cancel_at_period_end of [true, false, true]) {
          await stripe.subscriptions.update(subscription?.id ?? '', { cancel_at_period_end })
        }
        const [method] = (await stripe.paymentMethods.list({ customer: customerOf(subscription) }))
          .data
        await stripe.customers.update(customerOf(subscription), { name: 'Ada L.' })
        await stripe.customers.update(customerOf(subscription), {
          invoice_settings: { default_payment_method: method?.id ?? '' },
        })
        await days(ada, 32)
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
      },
    })
  })
})

function customerOf(subscription: { customer: unknown } | undefined): string {
  const customer = subscription?.customer
  return typeof customer === 'string' ? customer : ''
}
