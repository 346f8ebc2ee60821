import { describe, expect, test } from 'vitest'
import { idOf, openSandbox, type Sandbox } from './billing-fixture.ts'

const start = '2027-01-31T12:00:00.000Z'
const itemsOf = (sandbox: Sandbox) => [{ price: sandbox.prices.month }]

async function started(card = 'pm_card_visa') {
  const sandbox = await openSandbox(start)
  const customer = await sandbox.customer(card)
  const subscription = await sandbox.stripe.subscriptions.create({
    customer,
    items: itemsOf(sandbox),
  })
  return { sandbox, customer, id: subscription.id, subscription }
}

/** A subscription whose first invoice waits for the customer. */
async function waiting() {
  const sandbox = await openSandbox(start)
  const customer = await sandbox.customer()
  const subscription = await sandbox.stripe.subscriptions.create({
    customer,
    items: itemsOf(sandbox),
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
  })
  const { id } = subscription
  const invoice = await sandbox.latest(id)
  const intent = await sandbox.intentOf(invoice.id)
  return { sandbox, customer, id, invoice, intent }
}

describe('creating', () => {
  interface Case {
    behaviour: 'allow_incomplete' | 'default_incomplete' | 'error_if_incomplete'
    card: string
    status: string
    charges: number
    why: string
  }
  const cases: Case[] = [
    {
      behaviour: 'allow_incomplete',
      card: 'pm_card_visa',
      status: 'active',
      charges: 1,
      why: 'the card pays within the call',
    },
    {
      behaviour: 'error_if_incomplete',
      card: 'pm_card_visa',
      status: 'active',
      charges: 1,
      why: 'the card pays within the call',
    },
    {
      behaviour: 'default_incomplete',
      card: 'pm_card_visa',
      status: 'incomplete',
      charges: 0,
      why: 'even a good card waits for the confirmation',
    },
    {
      behaviour: 'allow_incomplete',
      card: 'pm_card_chargeCustomerFail',
      status: 'incomplete',
      charges: 1,
      why: 'a decline leaves the invoice open',
    },
    {
      behaviour: 'allow_incomplete',
      card: 'pm_card_authenticationRequired',
      status: 'incomplete',
      charges: 0,
      why: 'the bank waits for the customer',
    },
    {
      behaviour: 'allow_incomplete',
      card: 'pm_usBankAccount_success',
      status: 'active',
      charges: 1,
      why: 'a debit that is on its way is trusted',
    },
  ]

  test.each(cases)('$behaviour with $card is $status: $why', async (row) => {
    const sandbox = await openSandbox(start)
    const subscription = await sandbox.stripe.subscriptions.create({
      customer: await sandbox.customer(row.card),
      items: itemsOf(sandbox),
      payment_behavior: row.behaviour,
    })
    expect([subscription.status, await sandbox.charges()]).toEqual([row.status, row.charges])
    expect((await sandbox.seen('customer.subscription.')).map(({ status }) => status)).toEqual([
      row.status,
    ])
  })

  test('error_if_incomplete answers 402 and leaves nothing behind when the card declines', async () => {
    const sandbox = await openSandbox(start)
    const customer = await sandbox.customer('pm_card_chargeCustomerFail')
    const before = await sandbox.eventCount()
    const refused = sandbox.stripe.subscriptions.create({
      customer,
      items: itemsOf(sandbox),
      payment_behavior: 'error_if_incomplete',
    })
    await expect(refused).rejects.toMatchObject({ statusCode: 402, code: 'card_declined' })
    expect((await sandbox.stripe.subscriptions.list({ status: 'all' })).data).toEqual([])
    expect(await sandbox.since(before)).toEqual([])
  })

  test('the subscription is announced last, after the payment of its invoice', async () => {
    const sandbox = await openSandbox(start)
    const customer = await sandbox.customer('pm_card_visa')
    const before = await sandbox.eventCount()
    await sandbox.stripe.subscriptions.create({ customer, items: itemsOf(sandbox) })
    expect(await sandbox.since(before)).toEqual([
      'invoice.created draft',
      'invoice.finalized open',
      'payment_intent.created requires_payment_method',
      'charge.succeeded succeeded',
      'payment_intent.succeeded succeeded',
      'invoice.updated paid',
      'invoice.paid paid',
      'invoice.payment_succeeded paid',
      'invoice_payment.paid paid',
      'customer.subscription.created active',
    ])
  })

  test('a free plan is active at once, its invoice paid without a payment', async () => {
    const sandbox = await openSandbox(start)
    const { id, status } = await sandbox.stripe.subscriptions.create({
      customer: await sandbox.customer(),
      items: [{ price: sandbox.prices.free }],
    })
    const invoice = await sandbox.latest(id)
    expect([status, invoice.status, invoice.amount_due]).toEqual(['active', 'paid', 0])
    expect(await sandbox.seen('payment_intent.')).toEqual([])
  })

  test('without any payment method nothing is created unless it may be incomplete', async () => {
    const sandbox = await openSandbox(start)
    const refused = sandbox.stripe.subscriptions.create({
      customer: await sandbox.customer(),
      items: itemsOf(sandbox),
    })
    await expect(refused).rejects.toMatchObject({ statusCode: 400, code: 'resource_missing' })
  })

  test('the shapes are those of the current API: periods on items, parents and secrets on invoices', async () => {
    const { sandbox, id, invoice, intent } = await waiting()
    const found = await sandbox.stripe.subscriptions.retrieve(id, {
      expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
    })
    const [item] = found.items.data
    expect(found).toMatchObject({
      billing_mode: { type: 'flexible' },
      billing_cycle_anchor: found.created,
      latest_invoice: {
        id: invoice.id,
        parent: { type: 'subscription_details', subscription_details: { subscription: id } },
        confirmation_secret: { client_secret: intent.client_secret, type: 'payment_intent' },
        payments: { data: [{ is_default: true, status: 'open', amount_requested: 1000 }] },
        lines: {
          data: [
            {
              amount: 1000,
              period: { start: item?.current_period_start, end: item?.current_period_end },
              pricing: { price_details: { price: sandbox.prices.month } },
              parent: { subscription_item_details: { subscription_item: item?.id } },
            },
          ],
        },
      },
    })
    expect(found).not.toHaveProperty('current_period_end')
    expect(invoice).not.toHaveProperty('payments')
  })

  test('an anchor ahead charges the share of the period that is left until then', async () => {
    const sandbox = await openSandbox('2027-04-11T00:00:00.000Z')
    const subscription = await sandbox.stripe.subscriptions.create({
      customer: await sandbox.customer('pm_card_visa'),
      items: itemsOf(sandbox),
      billing_cycle_anchor: Date.parse('2027-05-01T00:00:00Z') / 1000,
    })
    expect((await sandbox.latest(subscription.id)).total).toBe(667)
  })

  interface Refusal {
    param: string
    params: (sandbox: Sandbox) => object
  }
  const refusals: Refusal[] = [
    { param: 'items[0][price]', params: () => ({ items: [{ price: 'price_none' }] }) },
    { param: 'items[0][price]', params: ({ prices }) => ({ items: [{ price: prices.once }] }) },
    { param: 'default_payment_method', params: () => ({ default_payment_method: 'pm_none' }) },
    {
      param: 'items',
      params: ({ prices }) => ({ items: [{ price: prices.month }, { price: prices.day }] }),
    },
    { param: 'collection_method', params: () => ({ collection_method: 'send_invoice' }) },
    { param: 'trial_end', params: () => ({ trial_end: 5 }) },
  ]
  test.each(refusals)('a wrong $param is refused with its name', async ({ params, param }) => {
    const sandbox = await openSandbox(start)
    const customer = await sandbox.customer('pm_card_visa')
    const items = itemsOf(sandbox)
    const refused = sandbox.stripe.subscriptions.create({ customer, items, ...params(sandbox) })
    await expect(refused).rejects.toMatchObject({ statusCode: 400, param })
  })
})

describe('the first payment', () => {
  test('a confirmation pays the invoice, activates the subscription and keeps the card', async () => {
    const { sandbox, id, invoice, intent } = await waiting()
    const before = await sandbox.eventCount()
    await sandbox.stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' })
    const paid = await sandbox.stripe.invoices.retrieve(invoice.id)
    const subscription = await sandbox.stripe.subscriptions.retrieve(id)
    const method = (await sandbox.intentOf(invoice.id)).payment_method
    expect([paid.status, paid.amount_paid, paid.attempt_count]).toEqual(['paid', 1000, 1])
    expect([subscription.status, subscription.default_payment_method]).toEqual(['active', method])
    expect(await sandbox.since(before)).toEqual([
      'charge.succeeded succeeded',
      'payment_method.attached',
      'payment_intent.succeeded succeeded',
      'invoice.updated paid',
      'invoice.paid paid',
      'invoice.payment_succeeded paid',
      'invoice_payment.paid paid',
      'customer.subscription.updated active',
    ])
    expect(await sandbox.previousOf('customer.subscription.updated')).toMatchObject({
      status: 'incomplete',
    })
  })

  test('3-D Secure leaves it incomplete until the customer has authenticated', async () => {
    const { sandbox, id, intent } = await waiting()
    const card = { payment_method: 'pm_card_threeDSecure2Required' }
    const asked = await sandbox.stripe.paymentIntents.confirm(intent.id, card)
    expect([asked.status, await sandbox.status(id)]).toEqual(['requires_action', 'incomplete'])
    await sandbox.authenticate(intent.id)
    expect(await sandbox.status(id)).toBe('active')
  })

  test('a declined confirmation fails the invoice, and another card may still pay it', async () => {
    const { sandbox, id, invoice, intent } = await waiting()
    const declined = sandbox.stripe.paymentIntents.confirm(intent.id, {
      payment_method: 'pm_card_chargeCustomerFail',
    })
    await expect(declined).rejects.toMatchObject({ statusCode: 402 })
    const open = await sandbox.stripe.invoices.retrieve(invoice.id)
    expect([open.status, open.attempt_count, open.next_payment_attempt]).toEqual(['open', 1, null])
    expect(await sandbox.seen('invoice.payment_failed')).toHaveLength(1)
    await sandbox.stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' })
    expect(await sandbox.status(id)).toBe('active')
  })

  test('after 23 hours the subscription expires and its invoice is void', async () => {
    const { sandbox, id, invoice, intent } = await waiting()
    await sandbox.to('2027-02-01T10:59:59.000Z')
    expect(await sandbox.status(id)).toBe('incomplete')
    await sandbox.to('2027-02-01T11:00:00.000Z')
    expect(await sandbox.status(id)).toBe('incomplete_expired')
    expect((await sandbox.stripe.invoices.retrieve(invoice.id)).status).toBe('void')
    const canceled = await sandbox.stripe.paymentIntents.retrieve(intent.id)
    expect([canceled.status, canceled.cancellation_reason]).toEqual(['canceled', 'void_invoice'])
    await sandbox.to('2027-04-01T00:00:00.000Z')
    expect(await sandbox.status(id)).toBe('incomplete_expired')
  })

  test('a debit that fails days later voids the invoice and leaves the subscription active', async () => {
    const { sandbox, id } = await started('pm_usBankAccount_insufficientFunds')
    await sandbox.to('2027-02-10T00:00:00.000Z')
    expect((await sandbox.latest(id)).status).toBe('void')
    expect([await sandbox.status(id), (await sandbox.seen('invoice.voided')).length]).toEqual([
      'active',
      1,
    ])
  })
})

describe('trials', () => {
  async function trial(
    sandbox: Sandbox,
    customer: string,
    missing: 'cancel' | 'pause' | 'create_invoice',
  ) {
    const { id } = await sandbox.stripe.subscriptions.create({
      customer,
      items: itemsOf(sandbox),
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method: missing } },
    })
    return id
  }

  const endings = [
    { missing: 'cancel', status: 'canceled', event: 'customer.subscription.deleted' },
    { missing: 'pause', status: 'paused', event: 'customer.subscription.paused' },
    { missing: 'create_invoice', status: 'past_due', event: 'invoice.payment_failed' },
  ] as const
  test.each(endings)(
    'one that ends without a card and is told to $missing becomes $status',
    async ({ missing, status, event }) => {
      const sandbox = await openSandbox(start)
      const id = await trial(sandbox, await sandbox.customer(), missing)
      expect(await sandbox.status(id)).toBe('trialing')
      await sandbox.to('2027-02-14T14:00:00.000Z')
      expect([await sandbox.status(id), (await sandbox.seen(event)).length]).toEqual([status, 1])
    },
  )

  test('one with a card turns active at its end and is charged an hour later', async () => {
    const sandbox = await openSandbox(start)
    const id = await trial(sandbox, await sandbox.customer('pm_card_visa'), 'cancel')
    expect((await sandbox.latest(id)).amount_due).toBe(0)
    await sandbox.to('2027-02-14T12:59:59.000Z')
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['active', 0])
    await sandbox.to('2027-02-14T13:00:00.000Z')
    const invoice = await sandbox.latest(id)
    expect([invoice.status, invoice.amount_paid, await sandbox.charges()]).toEqual([
      'paid',
      1000,
      1,
    ])
    const notice = await sandbox.seen('customer.subscription.trial_will_end')
    expect(notice.map(({ at }) => at)).toEqual(['2027-02-11T12:00'])
  })

  test('one without a card has a setup intent that collects it for the end', async () => {
    const sandbox = await openSandbox(start)
    const { id, pending_setup_intent: intent } = await sandbox.stripe.subscriptions.create({
      customer: await sandbox.customer(),
      items: itemsOf(sandbox),
      trial_period_days: 14,
      payment_behavior: 'default_incomplete',
      payment_settings: { save_default_payment_method: 'on_subscription' },
    })
    const setup = await sandbox.stripe.setupIntents.confirm(idOf(intent), {
      payment_method: 'pm_card_visa',
    })
    const subscription = await sandbox.stripe.subscriptions.retrieve(id)
    expect(subscription).toMatchObject({
      pending_setup_intent: null,
      default_payment_method: setup.payment_method,
    })
    await sandbox.to('2027-02-14T13:00:00.000Z')
    expect(await sandbox.status(id)).toBe('active')
  })

  test('one that is ended early is charged within the call, and its periods begin there', async () => {
    const sandbox = await openSandbox(start)
    const id = await trial(sandbox, await sandbox.customer('pm_card_visa'), 'cancel')
    await sandbox.to('2027-02-05T00:00:00.000Z')
    const ended = await sandbox.stripe.subscriptions.update(id, { trial_end: 'now' })
    const invoice = await sandbox.latest(id)
    expect([ended.status, invoice.status, invoice.amount_paid]).toEqual(['active', 'paid', 1000])
    expect(ended.billing_cycle_anchor).toBe(ended.trial_end)
    expect(await sandbox.seen('customer.subscription.trial_will_end')).toHaveLength(1)
    await sandbox.to('2027-03-05T01:00:00.000Z')
    expect(await sandbox.charges()).toBe(2)
  })

  test('one that is extended ends, and is charged, later', async () => {
    const sandbox = await openSandbox(start)
    const id = await trial(sandbox, await sandbox.customer('pm_card_visa'), 'cancel')
    const later = Date.parse('2027-03-10T00:00:00Z') / 1000
    await sandbox.stripe.subscriptions.update(id, { trial_end: later })
    await sandbox.to('2027-03-09T23:59:59.000Z')
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['trialing', 0])
    await sandbox.to('2027-03-10T01:00:00.000Z')
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['active', 1])
  })

  test('one that ends with a declining card becomes past_due with the charge', async () => {
    const sandbox = await openSandbox(start)
    const id = await trial(sandbox, await sandbox.customer('pm_card_chargeCustomerFail'), 'cancel')
    await sandbox.to('2027-02-14T13:00:00.000Z')
    expect(await sandbox.status(id)).toBe('past_due')
  })
})

describe('changing and ending', () => {
  test('cancel_at_period_end changes nothing until the period ends, and then ends it', async () => {
    const { sandbox, id } = await started()
    const planned = await sandbox.stripe.subscriptions.update(id, { cancel_at_period_end: true })
    expect(planned).toMatchObject({
      status: 'active',
      cancel_at: planned.items.data[0]?.current_period_end,
      canceled_at: planned.created,
      ended_at: null,
      cancellation_details: { reason: 'cancellation_requested' },
    })
    await sandbox.to('2027-03-31T12:00:00.000Z')
    const ended = await sandbox.stripe.subscriptions.retrieve(id)
    expect(ended).toMatchObject({
      status: 'canceled',
      canceled_at: planned.created,
      ended_at: planned.cancel_at,
    })
    expect([
      await sandbox.charges(),
      (await sandbox.seen('customer.subscription.deleted')).length,
    ]).toEqual([1, 1])
  })

  test('a planned cancellation can be taken back, and the next period begins', async () => {
    const { sandbox, id } = await started()
    await sandbox.stripe.subscriptions.update(id, { cancel_at_period_end: true })
    const kept = await sandbox.stripe.subscriptions.update(id, { cancel_at_period_end: false })
    expect([kept.cancel_at, kept.canceled_at]).toEqual([null, null])
    await sandbox.to('2027-02-28T13:00:00.000Z')
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['active', 2])
  })

  test('cancel_at ends it in the middle of a period', async () => {
    const { sandbox, id, subscription } = await started()
    const cancel_at = subscription.created + 10 * 86_400
    await sandbox.stripe.subscriptions.update(id, { cancel_at })
    await sandbox.to('2027-02-10T12:00:00.000Z')
    const ended = await sandbox.stripe.subscriptions.retrieve(id)
    expect([ended.status, ended.ended_at]).toEqual(['canceled', cancel_at])
  })

  test('a canceled one stays canceled: nothing is charged, changed or canceled again', async () => {
    const { sandbox, id } = await started()
    const canceled = await sandbox.stripe.subscriptions.cancel(id, {
      cancellation_details: { comment: 'too quiet', feedback: 'unused' },
    })
    expect(canceled).toMatchObject({
      status: 'canceled',
      cancellation_details: {
        comment: 'too quiet',
        feedback: 'unused',
        reason: 'cancellation_requested',
      },
    })
    await sandbox.to('2027-06-01T00:00:00.000Z')
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['canceled', 1])
    await expect(sandbox.stripe.subscriptions.cancel(id)).rejects.toMatchObject({ statusCode: 400 })
    const change = sandbox.stripe.subscriptions.update(id, { cancel_at_period_end: true })
    await expect(change).rejects.toMatchObject({ param: 'cancel_at_period_end' })
  })

  test('canceling an incomplete one expires it and voids its invoice', async () => {
    const { sandbox, id, invoice } = await waiting()
    await sandbox.stripe.subscriptions.cancel(id)
    expect(await sandbox.status(id)).toBe('incomplete_expired')
    expect((await sandbox.stripe.invoices.retrieve(invoice.id)).status).toBe('void')
  })

  test('deleting the customer ends the subscription', async () => {
    const { sandbox, id, customer } = await started()
    await sandbox.stripe.customers.del(customer)
    expect(await sandbox.status(id)).toBe('canceled')
  })

  test('a change says what it replaced; one that changes nothing says nothing', async () => {
    const { sandbox, id } = await started()
    const before = await sandbox.eventCount()
    await sandbox.stripe.subscriptions.update(id, { metadata: { tenant: 'a' } })
    await sandbox.stripe.subscriptions.update(id, { metadata: { tenant: 'b' } })
    expect(await sandbox.previousOf('customer.subscription.updated')).toEqual({
      metadata: { tenant: 'a' },
    })
    await sandbox.stripe.subscriptions.update(id, { metadata: { tenant: 'b' } })
    expect(await sandbox.since(before)).toHaveLength(2)
  })

  test('lists leave canceled subscriptions out unless asked for all', async () => {
    const { sandbox, customer, id } = await started()
    const other = await sandbox.stripe.subscriptions.create({ customer, items: itemsOf(sandbox) })
    await sandbox.stripe.subscriptions.cancel(id)
    const idsOf = async (status?: 'all' | 'canceled') => {
      const page = await sandbox.stripe.subscriptions.list({ customer, ...(status && { status }) })
      return page.data.map((found) => found.id)
    }
    expect(await idsOf()).toEqual([other.id])
    expect(await idsOf('all')).toEqual([other.id, id])
    expect(await idsOf('canceled')).toEqual([id])
  })
})
