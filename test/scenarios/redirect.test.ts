import { afterEach, describe, expect, test } from 'vitest'
import { msPerHour } from '../../values/instant.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  stateOf,
  subscribes,
  type Customer,
} from '../harness/scenario.ts'
import type { System } from '../harness/system.ts'
import { bring, ofType, webhooksOf } from './webhooks-of.ts'

// 8: what a browser brings back grants nothing; the provider's word does, by webhook or by a read.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

async function atTheBank(collection: 'provider' | 'platform') {
  const ada = await aCustomer()
  open.push(ada.system)
  await addsCard(ada, 'pm_card_authenticationRequired')
  const page = (await subscribes(ada, 'pro_monthly', collection)) ?? ''
  return { ada, page }
}

const waiting = { subscription: 'incomplete', granted: [] }
const granted = { subscription: 'active', granted: allFeatures, standing: 'good' }

describe.each([{ collection: 'provider' as const }, { collection: 'platform' as const }])(
  '8 the customer comes back from the bank ($collection)',
  ({ collection }) => {
    test('before the webhook: nothing is granted until it comes', async () => {
      const { ada, page } = await atTheBank(collection)
      const webhooks = await webhooksOf(ada.system, async () => {
        const redirect = await ada.system.authenticate(page)
        expect(redirect.headers.get('location')).toContain('/return')
      })
      expect(await stateOf(ada)).toMatchObject(waiting)
      await bring(ada.system, webhooks)
      expect(await stateOf(ada)).toMatchObject(granted)
    })

    test('and no webhook ever comes: a read confirms within two hours', async () => {
      const { ada, page } = await atTheBank(collection)
      ada.system.hold()
      await ada.system.authenticate(page)
      await ada.system.settle()
      expect(await stateOf(ada)).toMatchObject(waiting)
      await ada.system.advanceMs(2 * msPerHour)
      expect(await stateOf(ada)).toMatchObject(granted)
    })

    test('having failed there: nothing is granted', async () => {
      const { ada, page } = await atTheBank(collection)
      await ada.system.authenticate(page, 'fail')
      await ada.system.settle()
      expect(await stateOf(ada)).toMatchObject(waiting)
    })
  },
)

describe('8 a customer pays on a Checkout page', () => {
  async function paysAtCheckout(ada: Customer) {
    const { stripe, twin } = ada.system
    const [customer] = (await stripe.customers.list()).data
    const [price] = (await stripe.prices.list({ limit: 1 })).data
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: price?.id ?? '', quantity: 1 }],
      customer: customer?.id ?? '',
      success_url: 'http://tenure.test/return?session={CHECKOUT_SESSION_ID}',
      cancel_url: 'http://tenure.test/plans',
    })
    const body = new URLSearchParams({ email: 'ada@example.com', card: 'pm_card_visa' })
    return await twin.app.request(session.url ?? '', { method: 'POST', body })
  }

  test('the session alone names the subscription, which is then read', async () => {
    const ada = await aCustomer()
    open.push(ada.system)
    // A first purchase, which fails, makes the plan's price known at Stripe.
    await subscribes(ada, 'pro_monthly')
    const webhooks = await webhooksOf(ada.system, async () => {
      expect((await paysAtCheckout(ada)).status).toBeLessThan(400)
    })
    expect(await stateOf(ada)).toMatchObject({ granted: [] })
    await bring(ada.system, [ofType(webhooks, 'checkout.session.completed')])
    expect(await stateOf(ada)).toMatchObject({ granted: allFeatures })
    await bring(ada.system, webhooks)
    expect(await stateOf(ada)).toMatchObject({ granted: allFeatures, standing: 'good' })
  })
})
