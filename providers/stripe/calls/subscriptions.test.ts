import { describe, expect, test } from 'vitest'
import {
  catalog,
  eventsOf,
  openStripe,
  terms,
  type StripeWorld,
  textIn,
  factIn,
} from '../../../test/harness/stripe-performer.ts'
import { createPlans } from './plans.ts'

const create = {
  kind: 'provider.create_subscription',
  provider: 'stripe',
  subscription: 'subscription/sub_ours',
  account: 'account/acct_1',
  terms,
  quantity: 1,
} as const

const asking = { actor: 'subscription/sub_ours', seq: 1 } as const

async function subscriptionsOf(world: StripeWorld, customer: string) {
  return (await world.stripe.subscriptions.list({ customer, status: 'all' })).data
}

/** A subscription at Stripe whose first invoice is paid. */
async function activeSubscription(world: StripeWorld, card = 'pm_card_visa'): Promise<string> {
  await world.customer('account/acct_1', card)
  const [accepted] = eventsOf(await world.deliver(create, asking))
  await world.stripe.paymentIntents.confirm(textIn(accepted, 'paymentIntent'), {
    payment_method: textIn(accepted, 'paymentMethod'),
  })
  return textIn(accepted, 'subscription')
}

describe('a subscription that is created', () => {
  test('is accepted with what its first payment needs', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const delivered = await world.deliver(create, asking)
    const [subscription] = await subscriptionsOf(world, customer)
    expect(eventsOf(delivered)).toStrictEqual([
      {
        type: 'subscription.accepted',
        subscription: subscription?.id,
        invoice: subscription?.latest_invoice,
        paymentIntent: expect.stringMatching(/^pi_/),
        clientSecret: expect.stringContaining('_secret_'),
        paymentMethod: world.accounts.get('account/acct_1')?.defaultPaymentMethod,
      },
    ])
    expect(subscription).toMatchObject({
      status: 'incomplete',
      metadata: { tenure_subscription: 'sub_ours', tenure_account: 'acct_1' },
      payment_settings: { save_default_payment_method: 'on_subscription' },
    })
  })

  test.each(['lost', 'unsent'] as const)(
    'A4 is created once where the answer was %s, and is accepted alike',
    async (fate) => {
      const world = openStripe()
      const customer = await world.customer('account/acct_1')
      world.rule((method, path) =>
        method === 'POST' && path === '/v1/subscriptions' ? fate : 'answered',
      )
      await world.deliver(create, { ...asking, tries: 1 })
      world.rule(null)
      const delivered = await world.deliver(create, { ...asking, claimed: { tries: 1 } })
      expect(eventsOf(delivered)).toMatchObject([
        { type: 'subscription.accepted', clientSecret: expect.stringContaining('_secret_') },
      ])
      expect(await subscriptionsOf(world, customer)).toHaveLength(1)
    },
  )

  test('in a trial needs no payment', async () => {
    const world = openStripe()
    await world.customer('account/acct_1')
    const trial = { ...create, terms: { ...terms, trialDays: 14 } }
    expect(eventsOf(await world.deliver(trial, asking))).toMatchObject([
      { type: 'subscription.accepted', paymentIntent: null, clientSecret: null },
    ])
  })
})

describe('the price of a plan', () => {
  test('is made once, with its product, and found by whoever comes later', async () => {
    const { stripe } = openStripe()
    const first = await createPlans(stripe, catalog)(terms, 1)
    expect(await createPlans(stripe, catalog)(terms, 1)).toBe(first)
    expect(await stripe.prices.retrieve(first)).toMatchObject({
      lookup_key: 'pro_monthly',
      unit_amount: 2900,
      product: 'tenure_pro',
    })
    expect((await stripe.products.retrieve('tenure_pro')).name).toBe('Pro')
  })

  test('is made once by two processes at once', async () => {
    const { stripe } = openStripe()
    const plans = [createPlans(stripe, catalog), createPlans(stripe, catalog)]
    await Promise.allSettled(plans.map((ensurePrice) => ensurePrice(terms, 1)))
    expect((await stripe.prices.list({ active: true })).data).toHaveLength(1)
  })

  test('is another one once the catalog asks for other terms, and that is what is charged', async () => {
    const { stripe } = openStripe()
    const ensurePrice = createPlans(stripe, catalog)
    const before = await ensurePrice(terms, 1)
    const after = await ensurePrice({ ...terms, amountMinor: 3900 }, 1)
    expect(after).not.toBe(before)
    expect(await stripe.prices.retrieve(after)).toMatchObject({
      lookup_key: 'pro_monthly',
      unit_amount: 3900,
    })
  })
})

describe('a subscription that is to end', () => {
  const update = { kind: 'provider.update_subscription', provider: 'stripe' } as const
  const cancel = { kind: 'provider.cancel_subscription', provider: 'stripe' } as const

  test.each(['answered', 'lost', 'unsent'] as const)(
    'with its period says so in a read (the request was %s)',
    async (fate) => {
      const world = openStripe()
      const subscription = await activeSubscription(world)
      world.ruleFirstPost(fate)
      const ask = { ...update, subscription, cancelAtPeriodEnd: true }
      const delivered = await world.deliver(ask, { ...asking, seq: 9 })
      expect(eventsOf(delivered)).toMatchObject([
        {
          type: 'subscription.observed',
          read: 9,
          account: 'account/acct_1',
          terms: { plan: 'pro_monthly' },
          facts: {
            subscription,
            status: 'active',
            cancelAt: '2027-02-28T12:00:00.000Z',
            period: { start: '2027-01-31T12:00:00.000Z', end: '2027-02-28T12:00:00.000Z' },
          },
        },
      ])
    },
  )

  test('now says so, and once more where it had ended', async () => {
    const world = openStripe()
    const subscription = await activeSubscription(world)
    for (const seq of [9, 10]) {
      const delivered = await world.deliver({ ...cancel, subscription }, { ...asking, seq })
      expect(eventsOf(delivered)).toMatchObject([{ read: seq, facts: { status: 'canceled' } }])
    }
  })

  test('and that Stripe does not know is refused', async () => {
    const world = openStripe()
    const delivered = await world.deliver({ ...cancel, subscription: 'sub_none' }, asking)
    expect(eventsOf(delivered)).toMatchObject([
      { type: 'effect.rejected', code: 'resource_missing' },
    ])
  })
})

describe('a new card', () => {
  const attach = {
    kind: 'payment_method.attach',
    provider: 'stripe',
    account: 'account/acct_1',
    token: 'pm_card_mastercard',
  } as const

  test.each(['pm_card_mastercard', 'tok_mastercard'])(
    'becomes the customer’s default (%s)',
    async (token) => {
      const world = openStripe()
      await world.customer('account/acct_1')
      const events = eventsOf(await world.deliver({ ...attach, token }))
      expect(events).toMatchObject([
        {
          type: 'payment_method.observed',
          read: 3,
          facts: { attached: true, kind: 'card', brand: 'mastercard', last4: '4444', expMonth: 12 },
        },
        { type: 'customer.observed', read: 3 },
      ])
      const [method, customer] = events
      expect(factIn(customer, 'defaultPaymentMethod')).toBe(factIn(method, 'paymentMethod'))
    },
  )

  test.each(['lost', 'unsent'] as const)(
    'A4 is attached once where the answer was %s',
    async (fate) => {
      const world = openStripe()
      const customer = await world.customer('account/acct_1')
      world.ruleFirstPost(fate)
      await world.deliver(attach)
      expect((await world.stripe.paymentMethods.list({ customer })).data).toHaveLength(1)
    },
  )

  test('A4 is not taken for another one that was added at the same time', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    const occurredAt = world.now()
    const other = { ...attach, token: 'pm_card_visa' }
    await world.deliver(other, { seq: 4 })
    const events = eventsOf(await world.deliver(attach, { claimed: { tries: 1, occurredAt } }))
    expect(events).toMatchObject([{ facts: { last4: '4444' } }, {}])
    expect((await world.stripe.paymentMethods.list({ customer })).data).toHaveLength(2)
  })

  test('A4 is attached and made the default whichever step Stripe stored a 500 for', async () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const world = openStripe()
      const customer = await world.customer('account/acct_1')
      const occurredAt = world.now()
      world.twin.chaos.set({ seed, http500: 0.6 })
      await world.deliver(attach, { tries: 3 })
      world.twin.chaos.set({ http500: 0 })
      await world.deliver(attach, { claimed: { tries: 3, occurredAt } })
      const { data } = await world.stripe.paymentMethods.list({ customer })
      expect(data).toHaveLength(1)
      expect(await world.stripe.customers.retrieve(customer)).toMatchObject({
        invoice_settings: { default_payment_method: data[0]?.id },
      })
    }
  })

  test('takes the place of the one that a subscription would try first', async () => {
    const world = openStripe()
    const id = await activeSubscription(world)
    const before = await world.stripe.subscriptions.retrieve(id)
    const [method] = eventsOf(await world.deliver(attach))
    const after = await world.stripe.subscriptions.retrieve(id)
    expect(before.default_payment_method).not.toBeNull()
    expect(after.default_payment_method).toBe(factIn(method, 'paymentMethod'))
  })

  test('that the bank refuses is refused with the bank’s reason', async () => {
    const world = openStripe()
    await world.customer('account/acct_1')
    const token = 'pm_card_visa_chargeDeclinedLostCard'
    expect(eventsOf(await world.deliver({ ...attach, token }))).toMatchObject([
      { type: 'effect.rejected', effect: 'payment_method.attach', code: 'lost_card' },
    ])
  })
})
