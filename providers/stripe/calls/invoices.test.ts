import { describe, expect, test } from 'vitest'
import { eventsOf, openStripe, terms, textIn } from '../../../test/harness/stripe-performer.ts'
import { plusMs } from '../../../values/instant.ts'

const asking = { actor: 'invoice/in_1', seq: 7 } as const
const pay = {
  kind: 'provider.pay_invoice',
  provider: 'stripe',
  account: 'account/acct_1',
  paymentMethod: null,
} as const

/** A subscription's second invoice, declined: the card pays the first and then only fails. */
async function failedRenewal() {
  const world = openStripe()
  const customer = await world.customer('account/acct_1', 'pm_card_visa')
  const create = {
    kind: 'provider.create_subscription',
    provider: 'stripe',
    subscription: 'subscription/sub_ours',
    account: 'account/acct_1',
    terms,
    quantity: 1,
  } as const
  const [accepted] = eventsOf(await world.deliver(create))
  await world.stripe.paymentIntents.confirm(textIn(accepted, 'paymentIntent'), {
    payment_method: textIn(accepted, 'paymentMethod'),
  })
  const subscription = textIn(accepted, 'subscription')
  const failing = await world.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
    customer,
  })
  await world.stripe.subscriptions.update(subscription, { default_payment_method: failing.id })
  world.pass(28 * 86_400_000 + 2 * 3_600_000)
  await world.twin.runDue()
  const { data } = await world.stripe.invoices.list({ subscription, limit: 1 })
  const charges = async () =>
    (await world.stripe.charges.list({ customer, limit: 100 })).data.length
  return { world, customer, failing: failing.id, invoice: data[0]?.id ?? '', charges }
}

describe('an invoice that Stripe collects', () => {
  test('is read with the reason why its payment failed', async () => {
    const { world, invoice } = await failedRenewal()
    const read = { kind: 'object.read', provider: 'stripe', object: 'invoice' } as const
    const ask = { ...read, objectId: invoice, coalesce: 'invoice' }
    const { results } = await world.deliver(ask, asking)
    expect(results).toMatchObject([
      {
        event: {
          type: 'invoice.observed',
          read: 7,
          account: 'account/acct_1',
          subscription: 'subscription/sub_ours',
          facts: { status: 'open', attempted: true, attemptCount: 1, amountRemainingMinor: 2900 },
          payment: { status: 'requires_payment_method', declineCode: 'generic_decline' },
        },
      },
      { to: 'subscription/sub_ours', event: { type: 'subscription.referenced' } },
    ])
    expect(results?.[0]).not.toHaveProperty('to')
  })

  test.each(['answered', 'lost', 'unsent'] as const)(
    'M1 is paid once by the account’s card, where the request was %s',
    async (fate) => {
      const { world, invoice, charges } = await failedRenewal()
      const before = await charges()
      world.ruleFirstPost(fate)
      const [observed] = eventsOf(await world.deliver({ ...pay, invoice }, asking))
      expect(observed).toMatchObject({ read: 7, facts: { status: 'paid' } })
      expect(await charges()).toBe(before + 1)
    },
  )

  test.each(['answered', 'lost', 'unsent'] as const)(
    'M1 is declined once, where the request was %s, and tells why',
    async (fate) => {
      const { world, invoice, failing, charges } = await failedRenewal()
      const before = await charges()
      world.ruleFirstPost(fate)
      const ask = { ...pay, invoice, paymentMethod: failing }
      const [observed] = eventsOf(await world.deliver(ask, asking))
      expect(observed).toMatchObject({
        type: 'invoice.observed',
        read: 7,
        facts: { status: 'open' },
        payment: { declineCode: 'generic_decline' },
      })
      expect(await charges()).toBe(before + 1)
    },
  )

  test('M1 is not tried again under another key once the bank was asked', async () => {
    const { world, invoice, failing, charges } = await failedRenewal()
    const ask = { ...pay, invoice, paymentMethod: failing }
    const firstTriedAt = world.now()
    await world.deliver(ask, asking)
    const before = await charges()
    const claimed = { tries: 1, attempt: 2, firstTriedAt }
    const [observed] = eventsOf(await world.deliver(ask, { ...asking, claimed }))
    expect(observed).toMatchObject({ facts: { status: 'open' } })
    expect(await charges()).toBe(before)
  })

  test('M1 is not tried again where Stripe’s clock is behind ours', async () => {
    const { world, invoice, failing, charges } = await failedRenewal()
    const ask = { ...pay, invoice, paymentMethod: failing }
    await world.deliver(ask, asking)
    const before = await charges()
    const claimed = { tries: 1, attempt: 2, firstTriedAt: plusMs(world.now(), 3000) }
    await world.deliver(ask, { ...asking, claimed })
    expect(await charges()).toBe(before)
  })

  test('M1 with another card is tried although one was declined a moment before', async () => {
    const { world, invoice, failing } = await failedRenewal()
    await world.deliver({ ...pay, invoice, paymentMethod: failing }, asking)
    world.pass(2000)
    const claimed = { tries: 1, firstTriedAt: world.now() }
    const [observed] = eventsOf(
      await world.deliver({ ...pay, invoice }, { ...asking, seq: 8, claimed }),
    )
    expect(observed).toMatchObject({ facts: { status: 'paid' } })
  })

  test('and is paid already says both', async () => {
    const { world, invoice } = await failedRenewal()
    await world.deliver({ ...pay, invoice }, asking)
    const events = eventsOf(await world.deliver({ ...pay, invoice }, { ...asking, seq: 8 }))
    expect(events).toMatchObject([
      { type: 'invoice.observed', read: 8, facts: { status: 'paid' } },
      { type: 'subscription.referenced' },
      { type: 'effect.rejected', effect: 'provider.pay_invoice' },
    ])
  })

  test.each(['answered', 'lost'] as const)('is void once that was asked (%s)', async (fate) => {
    const { world, invoice } = await failedRenewal()
    world.ruleFirstPost(fate)
    const ask = { kind: 'provider.void_invoice', provider: 'stripe', invoice } as const
    const [observed] = eventsOf(await world.deliver(ask, asking))
    expect(observed).toMatchObject({ read: 7, facts: { status: 'void' } })
  })

  test('M2 that is paid is told at once, however long the line for reads is', async () => {
    const world = openStripe({ readsPerSecond: 1 })
    const { customers, paymentMethods, products, prices, subscriptions } = world.stripe
    const { id: customer } = await customers.create({ email: 'ada@example.com' })
    const card = await paymentMethods.attach('pm_card_visa', { customer })
    const product = await products.create({ name: 'Pro' })
    const price = await prices.create({
      product: product.id,
      unit_amount: 2900,
      currency: 'usd',
      recurring: { interval: 'month' },
    })
    // Of a customer that bears no mark of ours: whose it is must be read.
    const { latest_invoice: latest } = await subscriptions.create({
      customer,
      items: [{ price: price.id }],
      payment_behavior: 'default_incomplete',
    })
    const invoice = typeof latest === 'string' ? latest : (latest?.id ?? '')
    const read = { kind: 'object.read', provider: 'stripe', object: 'charge' } as const
    await world.deliver({ ...read, objectId: 'ch_none', coalesce: 'charge' }, { tries: 1 })
    const ask = { ...pay, account: null, invoice, paymentMethod: card.id }
    const paid = await world.deliver(ask, { ...asking, tries: 1 })
    expect(paid.delays).toHaveLength(0)
    expect(eventsOf(paid)[0]).toMatchObject({ facts: { status: 'paid' } })
    // Those who come after it wait for what it has read.
    const { delays } = await world.deliver(
      { ...read, objectId: 'ch_none', coalesce: 'charge' },
      { tries: 1 },
    )
    expect(delays).toMatchObject([{ counts: false }])
    expect(delays[0]?.afterMs).toBeGreaterThan(1000)
  })
})
