import { describe, expect, test } from 'vitest'
import type { Instant } from '../../../values/instant.ts'
import { idOf, openSandbox } from './billing-fixture.ts'
import type { BillingOptions } from './billing.ts'

const start = '2027-01-31T12:00:00.000Z'
/** When the first renewal is charged. */
const due = '2027-02-28T13:00:00.000Z'

/** A subscription that paid once, and whose card is another one by the first renewal. */
async function failing(card: string | null, options: Partial<BillingOptions> = {}) {
  const sandbox = await openSandbox(start, options)
  const customer = await sandbox.customer('pm_card_visa')
  const items = [{ price: sandbox.prices.month }]
  const { id } = await sandbox.stripe.subscriptions.create({ customer, items })
  const settings = { default_payment_method: '' }
  if (card === null) await sandbox.stripe.customers.update(customer, { invoice_settings: settings })
  else await sandbox.useCard(customer, card)
  await sandbox.to(due)
  /** The invoice that fails first; later periods have invoices of their own. */
  const { id: invoice } = await sandbox.latest(id)
  return { sandbox, customer, id, invoice }
}

const end: Instant = '2027-03-20T00:00:00.000Z'
const afterwards = [
  '2027-03-01T13:00',
  '2027-03-03T13:00',
  '2027-03-05T13:00',
  '2027-03-07T13:00',
  '2027-03-09T13:00',
  '2027-03-11T13:00',
  '2027-03-13T13:00',
  '2027-03-14T13:00',
]

describe('retries', () => {
  test('a declined renewal is past_due, with the next try on the invoice', async () => {
    const { sandbox, id, invoice } = await failing('pm_card_chargeCustomerFail')
    const failed = await sandbox.stripe.invoices.retrieve(invoice)
    expect(failed).toMatchObject({
      status: 'open',
      attempted: true,
      attempt_count: 1,
      next_payment_attempt: Date.parse('2027-03-01T13:00:00Z') / 1000,
    })
    expect(await sandbox.status(id)).toBe('past_due')
    expect((await sandbox.since(0)).slice(-5)).toEqual([
      'charge.failed failed',
      'payment_intent.payment_failed requires_payment_method',
      'invoice.payment_failed open',
      'invoice.updated open',
      'customer.subscription.updated past_due',
    ])
  })

  test('eight retries follow in two weeks, each told, and then none', async () => {
    const { sandbox, invoice } = await failing('pm_card_chargeCustomerFail')
    await sandbox.to(end)
    const failures = await sandbox.seen('invoice.payment_failed')
    expect(failures.map(({ at }) => at)).toEqual([due.slice(0, 16), ...afterwards])
    expect((await sandbox.seen('charge.failed')).map(({ at }) => at)).toHaveLength(9)
    const last = await sandbox.stripe.invoices.retrieve(invoice)
    expect([last.attempt_count, last.next_payment_attempt, last.status]).toEqual([9, null, 'open'])
  })

  const settings = [
    { whenExhausted: 'cancel', status: 'canceled', reason: 'payment_failed' },
    { whenExhausted: 'mark_unpaid', status: 'unpaid', reason: null },
    { whenExhausted: 'leave_past_due', status: 'past_due', reason: null },
  ] as const
  test.each(settings)(
    'after the last one the setting $whenExhausted makes it $status',
    async ({ whenExhausted, status, reason }) => {
      const { sandbox, id } = await failing('pm_card_chargeCustomerFail', { whenExhausted })
      await sandbox.to('2027-03-14T12:59:59.000Z')
      expect(await sandbox.status(id)).toBe('past_due')
      await sandbox.to('2027-03-14T13:00:00.000Z')
      const subscription = await sandbox.stripe.subscriptions.retrieve(id)
      expect(subscription.status).toBe(status)
      expect(subscription.cancellation_details?.reason).toBe(reason)
    },
  )

  test('an unpaid subscription goes on making invoices, as drafts that nobody collects', async () => {
    const { sandbox, id } = await failing('pm_card_chargeCustomerFail', {
      whenExhausted: 'mark_unpaid',
    })
    await sandbox.to('2027-04-02T00:00:00.000Z')
    const draft = await sandbox.latest(id)
    expect([draft.status, draft.auto_advance]).toEqual(['draft', false])
    expect(await sandbox.charges()).toBe(10)
  })

  test('a draft of an unpaid subscription is collected once auto_advance is switched on', async () => {
    const { sandbox, customer, id } = await failing('pm_card_chargeCustomerFail', {
      whenExhausted: 'mark_unpaid',
    })
    await sandbox.to('2027-04-02T00:00:00.000Z')
    await sandbox.useCard(customer, 'pm_card_visa')
    const draft = await sandbox.latest(id)
    await sandbox.stripe.invoices.update(draft.id, { auto_advance: true })
    await sandbox.to('2027-04-02T01:00:00.000Z')
    expect([(await sandbox.latest(id)).status, await sandbox.status(id)]).toEqual([
      'paid',
      'active',
    ])
  })

  test('the schedule is a setting', async () => {
    const { sandbox } = await failing('pm_card_chargeCustomerFail', { retryDays: [2, 4] })
    await sandbox.to(end)
    const failures = await sandbox.seen('invoice.payment_failed')
    expect(failures.map(({ at }) => at.slice(0, 10))).toEqual([
      '2027-02-28',
      '2027-03-02',
      '2027-03-04',
    ])
  })

  const unsent = [
    { card: 'pm_card_riskLevelHighest', sent: 2, why: 'a hard decline' },
    { card: 'pm_card_authenticationRequired', sent: 1, why: 'a bank that wants the customer' },
    { card: null, sent: 1, why: 'no method at all' },
  ]
  test.each(unsent)(
    'after $why the count rises as planned, and nothing more reaches the bank',
    async ({ card, sent }) => {
      const { sandbox, invoice } = await failing(card)
      await sandbox.to(end)
      const { attempt_count, next_payment_attempt } =
        await sandbox.stripe.invoices.retrieve(invoice)
      expect([attempt_count, next_payment_attempt]).toEqual([9, null])
      expect(await sandbox.charges()).toBe(sent)
      expect(await sandbox.seen('invoice.payment_failed')).toHaveLength(9)
    },
  )

  test('a new card is sent at the next retry after a hard decline', async () => {
    const { sandbox, customer, id, invoice } = await failing('pm_card_riskLevelHighest')
    await sandbox.to('2027-03-04T00:00:00.000Z')
    await sandbox.useCard(customer, 'pm_card_visa')
    expect((await sandbox.stripe.invoices.retrieve(invoice)).status).toBe('open')
    await sandbox.to('2027-03-05T13:00:00.000Z')
    const paid = await sandbox.stripe.invoices.retrieve(invoice)
    expect([paid.status, paid.attempt_count, await sandbox.charges()]).toEqual(['paid', 4, 3])
    expect(await sandbox.status(id)).toBe('active')
    await sandbox.to(end)
    expect(await sandbox.charges()).toBe(3)
  })

  test('the subscription’s own card comes before the customer’s', async () => {
    const { sandbox, customer, id, invoice } = await failing('pm_card_chargeCustomerFail')
    const own = await sandbox.stripe.paymentMethods.attach('pm_card_visa', { customer })
    await sandbox.stripe.subscriptions.update(id, { default_payment_method: own.id })
    await sandbox.to('2027-03-01T13:00:00.000Z')
    expect((await sandbox.stripe.invoices.retrieve(invoice)).status).toBe('paid')
  })

  test('a second unpaid period keeps it past_due when only the first is paid', async () => {
    const { sandbox, id, invoice } = await failing('pm_card_chargeCustomerFail')
    await sandbox.to('2027-03-31T13:00:00.000Z')
    const { customer } = await sandbox.stripe.invoices.retrieve(invoice)
    const card = await sandbox.useCard(idOf(customer), 'pm_card_visa')
    await sandbox.stripe.invoices.pay(invoice, { payment_method: card })
    expect(await sandbox.status(id)).toBe('past_due')
    await sandbox.stripe.invoices.pay((await sandbox.latest(id)).id)
    expect(await sandbox.status(id)).toBe('active')
  })
})

test('a restart keeps the schedule: each retry comes once, at its time', async () => {
  const kept = new Map<string, string>()
  const storage = {
    load: () => kept,
    save(changes: ReadonlyMap<string, string | null>) {
      for (const [key, value] of changes) {
        if (value === null) kept.delete(key)
        else kept.set(key, value)
      }
    },
  }
  const before = await openSandbox(start, {}, storage)
  const customer = await before.customer('pm_card_visa')
  const items = [{ price: before.prices.month }]
  const { id } = await before.stripe.subscriptions.create({ customer, items })
  await before.useCard(customer, 'pm_card_chargeCustomerFail')
  await before.to('2027-03-02T00:00:00.000Z')

  const after = await openSandbox('2027-03-02T00:00:00.000Z', {}, storage)
  await after.to('2027-03-08T00:00:00.000Z')
  const failures = await after.seen('invoice.payment_failed')
  expect(failures.map(({ at }) => at)).toEqual(afterwards.slice(1, 4))
  await after.useCard(customer, 'pm_card_visa')
  await after.to('2027-03-09T13:00:00.000Z')
  expect(await after.status(id)).toBe('active')
})

describe('paying by hand', () => {
  test('a new card pays the open invoice at once, and the retries end', async () => {
    const { sandbox, customer, id, invoice } = await failing('pm_card_chargeCustomerFail')
    const card = await sandbox.useCard(customer, 'pm_card_visa')
    const paid = await sandbox.stripe.invoices.pay(invoice, { payment_method: card })
    expect(paid).toMatchObject({ status: 'paid', attempt_count: 1, amount_remaining: 0 })
    expect(await sandbox.status(id)).toBe('active')
    await sandbox.to(end)
    expect(await sandbox.charges()).toBe(3)
  })

  test('a decline answers 402, is recorded, and does not move the schedule', async () => {
    const { sandbox, invoice } = await failing('pm_card_chargeCustomerFail')
    const before = await sandbox.stripe.invoices.retrieve(invoice)
    await expect(sandbox.stripe.invoices.pay(invoice)).rejects.toMatchObject({
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'generic_decline',
    })
    const after = await sandbox.stripe.invoices.retrieve(invoice)
    expect(after).toMatchObject({
      attempt_count: 1,
      next_payment_attempt: before.next_payment_attempt,
    })
    expect([
      await sandbox.charges(),
      (await sandbox.seen('invoice.payment_failed')).length,
    ]).toEqual([3, 2])
  })

  test('a bank that wants the customer answers 402 and waits on the 3-D Secure page', async () => {
    const { sandbox, customer, id, invoice } = await failing('pm_card_chargeCustomerFail')
    const card = await sandbox.useCard(customer, 'pm_card_threeDSecure2Required')
    const asked = sandbox.stripe.invoices.pay(invoice, { payment_method: card, off_session: false })
    await expect(asked).rejects.toMatchObject({ code: 'invoice_payment_intent_requires_action' })
    await sandbox.authenticate((await sandbox.intentOf(invoice)).id)
    expect(await sandbox.status(id)).toBe('active')
  })

  test('the hosted page pays an open invoice, its declines leave the schedule as it is', async () => {
    const { sandbox, id, invoice } = await failing('pm_card_chargeCustomerFail')
    const before = await sandbox.stripe.invoices.retrieve(invoice)
    const page = before.hosted_invoice_url ?? ''
    expect(await (await sandbox.fetch(page)).text()).toContain('Pay USD')
    const body = new URLSearchParams({ card: 'pm_card_visa', number: '4000000000009995' })
    const declined = await sandbox.fetch(page, { method: 'POST', body })
    expect([declined.status, await declined.text()]).toEqual([
      402,
      expect.stringContaining('insufficient funds'),
    ])
    const after = await sandbox.stripe.invoices.retrieve(invoice)
    expect([after.attempt_count, after.next_payment_attempt]).toEqual([
      1,
      before.next_payment_attempt,
    ])
    body.delete('number')
    expect((await sandbox.fetch(page, { method: 'POST', body })).headers.get('location')).toBe(page)
    expect(await sandbox.status(id)).toBe('active')
    expect(await (await sandbox.fetch(page)).text()).not.toContain('<form')
  })

  test('an invoice can be paid outside of Stripe: no charge, and the intent is canceled', async () => {
    const { sandbox, id, invoice } = await failing('pm_card_chargeCustomerFail')
    const before = await sandbox.eventCount()
    await sandbox.stripe.invoices.pay(invoice, { paid_out_of_band: true })
    expect([await sandbox.status(id), (await sandbox.intentOf(invoice)).status]).toEqual([
      'active',
      'canceled',
    ])
    const types = (await sandbox.since(before)).map((line) => line.split(' ')[0])
    expect(types).toContain('invoice.paid')
    expect(types).not.toContain('invoice.payment_succeeded')
  })

  test('a paid invoice cannot be paid again', async () => {
    const { sandbox, invoice } = await failing('pm_card_visa')
    await expect(sandbox.stripe.invoices.pay(invoice)).rejects.toMatchObject({ statusCode: 400 })
    expect(await sandbox.charges()).toBe(2)
  })

  test('an invoice of a subscription that was ended for it can still be paid, and stays ended', async () => {
    const { sandbox, customer, id, invoice } = await failing('pm_card_chargeCustomerFail', {
      whenExhausted: 'cancel',
    })
    await sandbox.to(end)
    const card = await sandbox.useCard(customer, 'pm_card_visa')
    await sandbox.stripe.invoices.pay(invoice, { payment_method: card })
    expect(await sandbox.status(id)).toBe('canceled')
  })
})

describe('giving up', () => {
  const closings = [
    { how: 'voidInvoice', status: 'void', event: 'invoice.voided' },
    { how: 'markUncollectible', status: 'uncollectible', event: 'invoice.marked_uncollectible' },
  ] as const
  test.each(closings)(
    '$how settles the subscription and ends the retries',
    async ({ how, status, event }) => {
      const { sandbox, id, invoice } = await failing('pm_card_chargeCustomerFail')
      const closed = await sandbox.stripe.invoices[how](invoice)
      expect([closed.status, closed.next_payment_attempt]).toEqual([status, null])
      expect([await sandbox.status(id), (await sandbox.seen(event)).length]).toEqual(['active', 1])
      await sandbox.to(end)
      expect(await sandbox.charges()).toBe(2)
    },
  )

  test('an uncollectible invoice can still be paid; a void one cannot', async () => {
    const { sandbox, customer, invoice } = await failing('pm_card_chargeCustomerFail')
    const card = await sandbox.useCard(customer, 'pm_card_visa')
    await sandbox.stripe.invoices.markUncollectible(invoice)
    const paid = await sandbox.stripe.invoices.pay(invoice, { payment_method: card })
    expect(paid.status).toBe('paid')
    const other = await failing('pm_card_chargeCustomerFail')
    await other.sandbox.stripe.invoices.voidInvoice(other.invoice)
    const refused = other.sandbox.stripe.invoices.pay(other.invoice)
    await expect(refused).rejects.toMatchObject({ statusCode: 400 })
  })

  test('canceling leaves the open invoice open and stops collecting it', async () => {
    const { sandbox, id, invoice } = await failing('pm_card_chargeCustomerFail')
    await sandbox.stripe.subscriptions.cancel(id)
    const left = await sandbox.stripe.invoices.retrieve(invoice)
    expect(left).toMatchObject({ status: 'open', auto_advance: false, next_payment_attempt: null })
    await sandbox.to(end)
    expect(await sandbox.charges()).toBe(2)
  })
})
