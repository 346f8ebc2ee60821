import { describe, expect, test } from 'vitest'
import type { Entry } from '../../../actors/journal/journal.ts'
import { isTelling } from '../../../test/harness/stripe-messages.ts'
import {
  openStripe,
  terms,
  type StripeWorld,
  textIn,
} from '../../../test/harness/stripe-performer.ts'
import { createStripeReceiver } from '../receive.ts'
import { createRecentEvents } from '../recent-events.ts'

const receiver = createStripeReceiver(
  {
    secrets: [],
    toleranceSeconds: 300,
    accountId: null,
    livemode: false,
  },
  createRecentEvents(),
)

/** Keeps a webhook in the journal as its actor would, and applies it. */
async function applied(world: StripeWorld, json: unknown) {
  const received = receiver.receiveTrusted(json, { now: world.now(), correlationId: 'c1' })
  if (received.outcome === 'refused') throw new Error(received.message)
  const { envelope } = received
  const entry: Entry = {
    actor: envelope.to,
    seq: 1,
    envelope,
    snapshot: { chart: 'event', version: 1, state: {}, timers: [] },
    effects: [],
    changed: true,
    committedAt: world.now(),
  }
  world.entries.set(`${envelope.to}#1`, entry)
  const ask = { kind: 'event.apply', provider: 'stripe' } as const
  const { results, outcome } = await world.deliver(ask, { actor: envelope.to, seq: 1 })
  return { envelope, results: results ?? [], outcome }
}

function event(object: Record<string, unknown>, type = 'customer.updated') {
  return {
    id: 'evt_1',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_801_396_800,
    livemode: false,
    type,
    data: { object },
  }
}

/** Says that an object has changed, and not how. */
function thin(id: string, { type }: { type: string }) {
  return {
    id: 'evt_thin_1',
    object: 'v2.core.event',
    created: '2027-01-31T12:00:00.000Z',
    livemode: false,
    type: `v1.${type}.updated`,
    related_object: { id, type, url: `/v1/${type}s/${id}` },
  }
}

describe('a webhook that is applied', () => {
  test('tells the actors that it concerns, in the provider’s name and at its time', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    const { results, outcome } = await applied(
      world,
      event({
        id: 'pm_1',
        object: 'payment_method',
        type: 'card',
        created: 1_801_396_800,
        customer,
      }),
    )
    expect(results).toMatchObject([
      {
        to: 'account/acct_1',
        source: 'provider',
        principal: 'provider:stripe',
        occurredAt: '2027-01-31T12:00:00.000Z',
        event: { type: 'payment_method.observed', read: null, facts: { attached: true } },
      },
    ])
    expect(outcome).toEqual({ outcome: 'applied', detail: null })
  })

  test.each`
    object                                | why
    ${{ object: 'price', id: 'price_1' }} | ${'of a type that concerns nobody'}
    ${{ object: 'invoice' }}              | ${'a preview'}
  `('may tell nobody: $why', async ({ object }) => {
    const { results, outcome } = await applied(openStripe(), event(object))
    expect(results).toEqual([])
    expect(outcome).toEqual({ outcome: 'ignored', detail: expect.any(String) })
  })

  test('is left for a release that can read it, where it lacks what is needed, and says what', async () => {
    const charge = { object: 'charge', id: 'ch_1', billing_details: { email: 'ada@example.com' } }
    const failed = applied(openStripe(), event(charge, 'charge.updated'))
    await expect(failed).rejects.toMatchObject({
      code: 'webhook_unreadable',
      message: expect.stringMatching(
        /^charge\.updated of version 2026-10-28\.endive can't be read: \w+/,
      ),
    })
    await expect(failed).rejects.not.toThrow('ada@example.com')
  })

  test('may be a notification, of which a read tells what it belongs to', async () => {
    const world = openStripe()
    await world.customer('account/acct_1', 'pm_card_visa')
    const create = {
      kind: 'provider.create_subscription',
      provider: 'stripe',
      subscription: 'subscription/sub_ours',
      account: 'account/acct_1',
      terms,
      quantity: 1,
    } as const
    const created = await world.deliver(create)
    const accepted = created.results?.[0]?.event
    const invoice = textIn(accepted, 'invoice')
    const { data } = await world.stripe.invoicePayments.list({ invoice })
    const paid = { type: 'invoice_payment' }
    expect((await applied(world, thin(data[0]?.id ?? '', paid))).results).toMatchObject([
      {
        to: `payment/${textIn(accepted, 'paymentIntent')}`,
        event: { type: 'payment.linked', invoice: `invoice/${invoice}` },
      },
      { to: `invoice/${invoice}`, event: { type: 'invoice.hinted', invoice } },
    ])
    const gone = await applied(world, thin('inpay_none', paid))
    expect(gone.outcome).toEqual({ outcome: 'ignored', detail: 'inpay_none is gone' })
  })

  test('may be a notification of an object that is read for what it says', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const { paymentIntents, paymentMethods, refunds } = world.stripe
    const [card] = (await paymentMethods.list({ customer })).data
    const payment = await paymentIntents.create({
      amount: 900,
      currency: 'usd',
      customer,
      payment_method: card?.id ?? '',
      confirm: true,
    })
    const { latest_charge: latest } = payment
    const charge = typeof latest === 'string' ? latest : (latest?.id ?? '')
    const refund = await refunds.create({ charge, amount: 400 })
    const to = `payment/${payment.id}`
    const notified = async (type: string, id: string) =>
      (await applied(world, thin(id, { type }))).results[0]
    expect([
      await notified('customer', customer),
      await notified('payment_method', card?.id ?? ''),
      await notified('payment_intent', payment.id),
      await notified('charge', charge),
      await notified('refund', refund.id),
    ]).toMatchObject([
      { to: 'account/acct_1', event: { type: 'customer.observed', read: null } },
      { to: 'account/acct_1', event: { type: 'payment_method.observed', read: null } },
      { to, event: { type: 'payment_intent.observed', facts: { status: 'succeeded' } } },
      { to, event: { type: 'charge.observed', facts: { amountRefundedMinor: 400 } } },
      { to, event: { type: 'refund.observed', facts: { amountMinor: 400 } } },
    ])
    await world.stripe.customers.del(customer)
    world.links.set(customer, 'account/acct_1')
    expect(await notified('customer', customer)).toMatchObject({
      to: 'account/acct_1',
      event: { type: 'customer.observed', facts: { deleted: true } },
    })
  })

  test('tells a subscription of its id at Stripe until it is known by it', async () => {
    const world = openStripe()
    const invoice = {
      object: 'invoice',
      id: 'in_1',
      status: 'open',
      currency: 'usd',
      total: 900,
      amount_due: 900,
      amount_paid: 0,
      created: 1_801_396_800,
      subscription: 'sub_1',
      subscription_details: { metadata: { tenure_subscription: 'sub_ours' } },
      metadata: { tenure_account: 'acct_1' },
    }
    const toldOf = async (id: string) =>
      (await applied(world, { ...event(invoice, 'invoice.updated'), id })).results.map(
        ({ event: { type } }) => type,
      )
    const known = ['invoice.observed']
    const unknown = ['invoice.observed', 'subscription.referenced']
    expect(await toldOf('evt_1')).toEqual(unknown)
    expect(await toldOf('evt_2')).toEqual(unknown)
    world.links.set('sub_1', 'subscription/sub_ours')
    expect(await toldOf('evt_3')).toEqual(known)
    // A link that was seen is remembered.
    world.links.clear()
    expect(await toldOf('evt_4')).toEqual(known)
  })

  test('of a payment that nobody has tried tells nobody, also not those who know it', async () => {
    const world = openStripe()
    const { id: customer } = await world.stripe.customers.create({})
    const intent = await world.stripe.paymentIntents.create({
      amount: 900,
      currency: 'usd',
      customer,
    })
    const before = world.requests.length
    const created = event({ ...intent }, 'payment_intent.created')
    const first = await applied(world, created)
    expect(first).toMatchObject({ results: [], outcome: { outcome: 'applied' } })
    const [known] = world.entries.values()
    if (known !== undefined) world.entries.set(`payment/${intent.id}#1`, known)
    expect(await applied(world, created)).toMatchObject({ results: [] })
    expect(world.requests).toHaveLength(before)
  })

  test('tells what its actors take, for everything that the simulated Stripe sends', async () => {
    const world = openStripe()
    await world.customer('account/acct_1', 'pm_card_visa')
    const create = {
      kind: 'provider.create_subscription',
      provider: 'stripe',
      subscription: 'subscription/sub_ours',
      account: 'account/acct_1',
      terms,
      quantity: 1,
    } as const
    const { results: created } = await world.deliver(create)
    const accepted = created?.[0]?.event
    await world.stripe.paymentIntents.confirm(textIn(accepted, 'paymentIntent'), {
      payment_method: textIn(accepted, 'paymentMethod'),
    })
    world.pass(40 * 86_400_000)
    await world.twin.runDue()
    expect(world.webhooks.length).toBeGreaterThan(15)
    for (const body of world.webhooks) {
      const { results } = await applied(world, JSON.parse(body))
      for (const { event: told, to } of results) {
        expect(to !== undefined && isTelling({ to, event: told })).toBe(true)
      }
    }
  })
})
