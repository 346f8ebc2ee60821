import { describe, expect, test } from 'vitest'
import type { Entry } from '../../../actors/journal.ts'
import { isTelling } from '../../../test/harness/stripe-messages.ts'
import {
  openStripe,
  terms,
  type StripeWorld,
  textIn,
} from '../../../test/harness/stripe-performer.ts'
import { createStripeReceiver } from '../receive.ts'

const receiver = createStripeReceiver({
  secrets: [],
  toleranceSeconds: 300,
  accountId: null,
  livemode: false,
})

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
  const { results } = await world.deliver(ask, { actor: envelope.to, seq: 1 })
  return { envelope, results: results ?? [] }
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

describe('a webhook that is applied', () => {
  test('tells the actors that it concerns, in the provider’s name and at its time', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    const { results } = await applied(
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
      { event: { type: 'event.applied', outcome: 'applied', told: ['account/acct_1'] } },
    ])
    expect(results[1]).not.toHaveProperty('to')
  })

  test.each`
    object                                | why
    ${{ object: 'price', id: 'price_1' }} | ${'of a type that concerns nobody'}
    ${{ object: 'invoice' }}              | ${'a preview'}
  `('may tell nobody: $why', async ({ object }) => {
    const { results } = await applied(openStripe(), event(object))
    const outcome = 'ignored'
    expect(results).toMatchObject([
      { event: { type: 'event.applied', outcome, told: [], detail: expect.any(String) } },
    ])
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
    const thin = (id: string) => ({
      id: 'evt_thin_1',
      object: 'v2.core.event',
      created: '2027-01-31T12:00:00.000Z',
      livemode: false,
      type: 'v1.invoice_payment.paid',
      related_object: { id, type: 'invoice_payment', url: `/v1/invoice_payments/${id}` },
    })
    expect((await applied(world, thin(data[0]?.id ?? ''))).results).toMatchObject([
      {
        to: `payment/${textIn(accepted, 'paymentIntent')}`,
        event: { type: 'payment.linked', invoice: `invoice/${invoice}` },
      },
      { to: `invoice/${invoice}`, event: { type: 'invoice.hinted', invoice } },
      { event: { type: 'event.applied', outcome: 'applied' } },
    ])
    expect((await applied(world, thin('inpay_none'))).results).toMatchObject([
      { event: { type: 'event.applied', outcome: 'ignored' } },
    ])
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
        if (to === undefined) expect(told['outcome']).toMatch(/applied|ignored/)
        else expect(isTelling({ to, event: told })).toBe(true)
      }
    }
  })
})
