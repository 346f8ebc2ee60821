import { describe, expect, test } from 'vitest'
import { instantOfSeconds, type Instant } from '../../../values/instant.ts'
import { openSandbox, type Sandbox } from './billing-fixture.ts'

async function subscribed(sandbox: Sandbox, price: string, card = 'pm_card_visa') {
  const customer = await sandbox.customer(card)
  const { id } = await sandbox.stripe.subscriptions.create({ customer, items: [{ price }] })
  return { customer, id }
}

const dayOf = (seconds: number): string => instantOfSeconds(seconds).slice(0, 10)

async function periods(sandbox: Sandbox, subscription: string) {
  const { data } = await sandbox.stripe.invoices.list({ subscription, limit: 100 })
  return data.toReversed().map((invoice) => {
    const { start = 0, end = 0 } = invoice.lines.data[0]?.period ?? {}
    return { start, end, status: invoice.status, reason: invoice.billing_reason }
  })
}

describe('a year of renewals', () => {
  const years: { start: Instant; bounds: string; why: string }[] = [
    {
      start: '2027-01-31T12:00:00.000Z',
      bounds: '01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31 01-31',
      why: 'a common year',
    },
    {
      start: '2028-01-31T12:00:00.000Z',
      bounds: '01-31 02-29 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31 01-31',
      why: 'a leap year',
    },
  ]
  test.each(years)(
    'M4 periods from $start tile, each paid once: $why',
    async ({ start, bounds }) => {
      const sandbox = await openSandbox(start)
      const { id } = await subscribed(sandbox, sandbox.prices.month)
      const days = bounds.split(' ')
      await sandbox.to(instantOfSeconds(Date.parse(start) / 1000 + 360 * 86_400))
      const found = await periods(sandbox, id)
      expect(found.map(({ start }) => dayOf(start).slice(5))).toEqual(days.slice(0, -1))
      expect(found.map(({ end }) => dayOf(end).slice(5))).toEqual(days.slice(1))
      for (const [k, period] of found.slice(1).entries()) expect(period.start).toBe(found[k]?.end)
      expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['paid']))
      expect(await sandbox.charges()).toBe(12)
    },
  )

  test('M4 one leap of the clock over months makes the same invoices as a walk', async () => {
    const start = '2027-03-15T08:30:00.000Z'
    const [leap, walk] = [await openSandbox(start), await openSandbox(start)]
    const leapt = await subscribed(leap, leap.prices.month)
    const walked = await subscribed(walk, walk.prices.month)
    await walk.to('2027-09-01T00:00:00.000Z')
    await leap.leap('2027-09-01T00:00:00.000Z')
    expect(await periods(leap, leapt.id)).toEqual(await periods(walk, walked.id))
    expect(await leap.latest(leapt.id)).toEqual(await walk.latest(walked.id))
    expect(await leap.seen()).toEqual(await walk.seen())
  })
})

describe('one renewal', () => {
  const start = '2027-01-31T12:00:00.000Z'

  test('the period moves at once, the draft is finalised and charged an hour later', async () => {
    const sandbox = await openSandbox(start)
    const { id } = await subscribed(sandbox, sandbox.prices.month)
    const before = await sandbox.eventCount()
    await sandbox.to('2027-02-28T12:59:59.000Z')
    expect(await sandbox.since(before)).toEqual([
      'invoice.created draft',
      'customer.subscription.updated active',
    ])
    const draft = await sandbox.latest(id)
    const { items, latest_invoice } = await sandbox.stripe.subscriptions.retrieve(id)
    expect(draft).toMatchObject({
      status: 'draft',
      billing_reason: 'subscription_cycle',
      attempted: false,
      auto_advance: true,
      automatically_finalizes_at: draft.created + 3600,
      number: null,
      period_start: Date.parse(start) / 1000,
      period_end: draft.created,
    })
    expect(latest_invoice).toBe(draft.id)
    expect(dayOf(items.data[0]?.current_period_end ?? 0)).toBe('2027-03-31')
    await sandbox.to('2027-02-28T13:00:00.000Z')
    expect((await sandbox.since(before)).slice(2)).toEqual([
      'invoice.finalized open',
      'payment_intent.created requires_payment_method',
      'charge.succeeded succeeded',
      'payment_intent.succeeded succeeded',
      'invoice.updated paid',
      'invoice.paid paid',
      'invoice.payment_succeeded paid',
      'invoice_payment.paid paid',
    ])
  })

  test('the update shows the period that it replaced', async () => {
    const sandbox = await openSandbox(start)
    await subscribed(sandbox, sandbox.prices.month)
    await sandbox.to('2027-02-28T12:00:00.000Z')
    const previous = await sandbox.previousOf('customer.subscription.updated')
    expect(Object.keys(previous).toSorted()).toEqual(['items', 'latest_invoice'])
    expect(JSON.stringify(previous)).toContain(`"current_period_start":${Date.parse(start) / 1000}`)
  })

  test('a draft finalised by hand is charged then, and not once more on the hour', async () => {
    const sandbox = await openSandbox(start)
    const { id } = await subscribed(sandbox, sandbox.prices.month)
    await sandbox.to('2027-02-28T12:10:00.000Z')
    const paid = await sandbox.stripe.invoices.finalizeInvoice((await sandbox.latest(id)).id)
    expect(paid.status).toBe('paid')
    await sandbox.to('2027-02-28T14:00:00.000Z')
    expect(await sandbox.charges()).toBe(2)
  })

  test('a draft waits for the platform to acknowledge it, but for 72 hours at most', async () => {
    const sandbox = await openSandbox(start)
    const { id } = await subscribed(sandbox, sandbox.prices.month)
    await sandbox.eventCount()
    sandbox.answerWith(500)
    await sandbox.to('2027-03-01T00:00:00.000Z')
    expect((await sandbox.latest(id)).status).toBe('draft')
    await sandbox.to('2027-03-03T12:00:00.000Z')
    expect((await sandbox.latest(id)).status).toBe('paid')
  })

  test('a late acknowledgement ends the wait within the hour', async () => {
    const sandbox = await openSandbox(start)
    const { id } = await subscribed(sandbox, sandbox.prices.month)
    await sandbox.eventCount()
    sandbox.answerWith(500)
    await sandbox.to('2027-02-28T20:00:00.000Z')
    sandbox.answerWith(200)
    await sandbox.to('2027-03-01T18:00:00.000Z')
    expect((await sandbox.latest(id)).status).toBe('paid')
  })

  test('a card that was set up once renews without its holder', async () => {
    const sandbox = await openSandbox(start)
    const customer = await sandbox.customer()
    const { id } = await sandbox.stripe.subscriptions.create({
      customer,
      items: [{ price: sandbox.prices.month }],
      payment_behavior: 'default_incomplete',
      payment_settings: { save_default_payment_method: 'on_subscription' },
    })
    const intent = await sandbox.intentOf((await sandbox.latest(id)).id)
    await sandbox.stripe.paymentIntents.confirm(intent.id, {
      payment_method: 'pm_card_authenticationRequiredOnSetup',
    })
    await sandbox.authenticate(intent.id)
    await sandbox.to('2027-02-28T13:00:00.000Z')
    expect((await sandbox.latest(id)).status).toBe('paid')
  })

  test('a bank that asks for the customer leaves the invoice open until they come', async () => {
    const sandbox = await openSandbox(start)
    const { id, customer } = await subscribed(sandbox, sandbox.prices.month)
    await sandbox.useCard(customer, 'pm_card_authenticationRequired')
    const before = await sandbox.eventCount()
    await sandbox.to('2027-02-28T13:00:00.000Z')
    const invoice = await sandbox.latest(id)
    const intent = await sandbox.intentOf(invoice.id)
    expect([invoice.status, intent.status]).toEqual(['open', 'requires_action'])
    expect((await sandbox.since(before)).slice(4)).toEqual([
      'payment_intent.requires_action requires_action',
      'invoice.payment_failed open',
      'invoice.payment_action_required open',
      'invoice.updated open',
      'customer.subscription.updated past_due',
    ])
    await sandbox.authenticate(intent.id)
    expect([(await sandbox.latest(id)).status, await sandbox.status(id)]).toEqual([
      'paid',
      'active',
    ])
  })
})
