import { describe, expect, test } from 'vitest'
import { customerWith, failureOf, openTwin } from '../twin-fixture.ts'

const day = 86_400

async function paidBy(sandbox: ReturnType<typeof openTwin>, card: string) {
  const intent = await sandbox.stripe.paymentIntents.create({
    amount: 1001,
    currency: 'usd',
    payment_method: card,
    confirm: true,
  })
  const { latest_charge: charge } = intent
  return typeof charge === 'string' ? charge : ''
}

describe('a customer', () => {
  test('is created, changed, listed by e-mail and deleted; the default method must be its own', async () => {
    const { stripe, eventTypes } = openTwin()
    const made = await stripe.customers.create({
      email: 'ada@example.com',
      metadata: { account: 'acct_1', plan: 'pro' },
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    })
    const [method] = (await stripe.customers.listPaymentMethods(made.id)).data
    expect(made.invoice_settings.default_payment_method).toBe(method?.id)
    const changed = await stripe.customers.update(made.id, { name: 'Ada', metadata: { plan: '' } })
    expect(changed).toMatchObject({ name: 'Ada', metadata: { account: 'acct_1' } })
    expect(changed.metadata).not.toHaveProperty('plan')
    const event = (await stripe.events.list({ type: 'customer.updated' })).data[0]
    expect(event?.data.previous_attributes).toEqual({ name: null, metadata: { plan: 'pro' } })
    expect((await stripe.customers.list({ email: 'ada@example.com' })).data).toHaveLength(1)
    const other = await customerWith(stripe, 'pm_card_visa')
    const theirs = { invoice_settings: { default_payment_method: other.method } }
    expect(await failureOf(stripe.customers.update(made.id, theirs))).toMatchObject({
      code: 'resource_missing',
    })
    await stripe.customers.del(made.id)
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({ deleted: true })
    expect((await stripe.customers.list({ email: 'ada@example.com' })).data).toHaveLength(1)
    expect((await eventTypes()).at(-1)).toBe('customer.deleted')
  })

  test('loses its default when the method is detached', async () => {
    const { stripe } = openTwin()
    const { customer, method } = await customerWith(stripe, 'pm_card_visa')
    const detached = await stripe.paymentMethods.detach(method)
    expect(detached.customer).toBeNull()
    const after = await stripe.customers.retrieve(customer)
    expect(after).toMatchObject({ invoice_settings: { default_payment_method: null } })
    const [event] = (await stripe.events.list({ type: 'payment_method.detached' })).data
    expect(event?.data.previous_attributes).toEqual({ customer })
  })

  test('cannot use a method again that was detached', async () => {
    const { stripe } = openTwin()
    const { customer, method } = await customerWith(stripe, 'pm_card_visa')
    await stripe.paymentMethods.detach(method)
    const again = stripe.paymentMethods.attach(method, { customer })
    expect(await failureOf(again)).toMatchObject({ rawType: 'invalid_request_error' })
    const charge = { amount: 900, currency: 'usd', customer, payment_method: method }
    const charged = stripe.paymentIntents.create({ ...charge, confirm: true, off_session: true })
    expect(await failureOf(charged)).toMatchObject({ rawType: 'invalid_request_error' })
  })
})

describe('the catalog', () => {
  test('has products with chosen ids and prices that a lookup key finds', async () => {
    const { stripe } = openTwin()
    await stripe.products.create({ id: 'prod_pro', name: 'Pro', metadata: { tier: '2' } })
    const twice = stripe.products.create({ id: 'prod_pro', name: 'Again' })
    expect(await failureOf(twice)).toMatchObject({ code: 'resource_already_exists' })
    const price = await stripe.prices.create({
      product: 'prod_pro',
      currency: 'USD',
      unit_amount: 2900,
      recurring: { interval: 'month' },
      lookup_key: 'pro_monthly',
    })
    expect(price).toMatchObject({
      currency: 'usd',
      type: 'recurring',
      recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
      unit_amount: 2900,
    })
    expect(String(price.unit_amount_decimal)).toBe('2900')
    const found = await stripe.prices.list({
      lookup_keys: ['pro_monthly'],
      expand: ['data.product'],
    })
    expect(found.data).toMatchObject([{ id: price.id, product: { name: 'Pro' } }])
    const taken = {
      product: 'prod_pro',
      currency: 'usd',
      unit_amount: 1,
      lookup_key: 'pro_monthly',
    }
    expect(await failureOf(stripe.prices.create(taken))).toMatchObject({ param: 'lookup_key' })
    const heir = await stripe.prices.create({ ...taken, transfer_lookup_key: true })
    expect((await stripe.prices.retrieve(price.id)).lookup_key).toBeNull()
    await stripe.prices.update(heir.id, { active: false })
    const active = await stripe.prices.list({ product: 'prod_pro', active: true })
    expect(active.data.map(({ id }) => id)).toEqual([price.id])
    expect(await failureOf(stripe.products.del('prod_pro'))).toMatchObject({ statusCode: 400 })
  })

  test('makes a product and its price in one call', async () => {
    const { stripe } = openTwin()
    const product = await stripe.products.create({
      name: 'Basic',
      default_price_data: { currency: 'eur', unit_amount: 500, recurring: { interval: 'year' } },
      expand: ['default_price'],
    })
    expect(product.default_price).toMatchObject({ unit_amount: 500, product: product.id })
    const price = await stripe.prices.create({
      currency: 'eur',
      unit_amount: 700,
      product_data: { name: 'Once' },
      expand: ['product'],
    })
    expect(price).toMatchObject({ type: 'one_time', product: { name: 'Once' } })
  })
})

describe('a refund', () => {
  test('is partial or whole, never more than was paid, and books its money', async () => {
    const sandbox = openTwin()
    const { stripe, eventTypes } = sandbox
    const charge = await paidBy(sandbox, 'pm_card_visa')
    const part = await stripe.refunds.create({ charge, amount: 400, reason: 'duplicate' })
    expect(part).toMatchObject({ status: 'succeeded', amount: 400 })
    expect(await failureOf(stripe.refunds.create({ charge, amount: 602 }))).toMatchObject({
      param: 'amount',
    })
    await stripe.refunds.create({ charge })
    expect(await stripe.charges.retrieve(charge)).toMatchObject({
      amount_refunded: 1001,
      refunded: true,
    })
    expect(await failureOf(stripe.refunds.create({ charge }))).toMatchObject({
      code: 'charge_already_refunded',
    })
    const { data } = await stripe.balanceTransactions.list({ type: 'refund' })
    expect(data.map(({ amount }) => amount)).toEqual([-601, -400])
    expect((await eventTypes()).slice(-2)).toEqual(['refund.created', 'charge.refunded'])
  })

  test.each`
    card                       | first          | then           | refunded | events
    ${'pm_card_pendingRefund'} | ${'pending'}   | ${'succeeded'} | ${1001}  | ${['refund.updated', 'charge.refund.updated']}
    ${'pm_card_refundFail'}    | ${'succeeded'} | ${'failed'}    | ${0}     | ${['refund.failed', 'refund.updated', 'charge.refund.updated', 'charge.updated']}
  `('to $card is $first, and a day later $then', async (row) => {
    const sandbox = openTwin()
    const { stripe, after, eventTypes } = sandbox
    const charge = await paidBy(sandbox, row.card)
    const refund = await stripe.refunds.create({ charge })
    expect(refund.status).toBe(row.first)
    await after(day)
    expect((await stripe.refunds.retrieve(refund.id)).status).toBe(row.then)
    expect((await stripe.charges.retrieve(charge)).amount_refunded).toBe(row.refunded)
    expect((await eventTypes()).slice(-row.events.length)).toEqual(row.events)
  })
})

describe('a dispute', () => {
  test.each`
    card                                         | status                      | count | reason                    | moved
    ${'pm_card_createDispute'}                   | ${'needs_response'}         | ${1}  | ${'fraudulent'}           | ${[-1001]}
    ${'pm_card_createDisputeProductNotReceived'} | ${'needs_response'}         | ${1}  | ${'product_not_received'} | ${[-1001]}
    ${'pm_card_createDisputeInquiry'}            | ${'warning_needs_response'} | ${1}  | ${'fraudulent'}           | ${[]}
    ${'pm_card_createMultipleDisputes'}          | ${'needs_response'}         | ${2}  | ${'fraudulent'}           | ${[-501, -500]}
  `('is opened by $card a minute after the charge', async (row) => {
    const sandbox = openTwin()
    const { stripe, after } = sandbox
    const charge = await paidBy(sandbox, row.card)
    expect((await stripe.disputes.list()).data).toEqual([])
    await after(60)
    const { data } = await stripe.disputes.list({ charge })
    expect(data).toHaveLength(row.count)
    expect(data[0]).toMatchObject({ status: row.status, reason: row.reason })
    expect((await stripe.charges.retrieve(charge)).disputed).toBe(true)
    const { data: moved } = await stripe.balanceTransactions.list({ type: 'adjustment' })
    expect(moved.map(({ amount }) => amount)).toEqual(row.moved)
    const refund = stripe.refunds.create({ charge, amount: 100 })
    if (row.moved.length === 0) expect((await refund).status).toBe('succeeded')
    else expect(await failureOf(refund)).toMatchObject({ code: 'charge_disputed' })
  })

  test.each`
    evidence              | status    | balance             | last
    ${'winning_evidence'} | ${'won'}  | ${1001 - 59 - 1500} | ${'charge.dispute.funds_reinstated'}
    ${'losing_evidence'}  | ${'lost'} | ${-59 - 1500}       | ${'charge.dispute.closed'}
  `('with $evidence is $status', async ({ evidence, status, balance, last }) => {
    const sandbox = openTwin()
    const { stripe, after, eventTypes } = sandbox
    await paidBy(sandbox, 'pm_card_createDispute')
    await after(60)
    const [dispute] = (await stripe.disputes.list()).data
    const sent = await stripe.disputes.update(dispute?.id ?? '', {
      evidence: { uncategorized_text: evidence },
    })
    expect(sent.status).toBe('under_review')
    await after(60)
    expect((await stripe.disputes.retrieve(sent.id)).status).toBe(status)
    expect((await stripe.balance.retrieve()).available[0]?.amount).toBe(balance)
    expect((await eventTypes()).at(-1)).toBe(last)
  })

  test.each`
    card                              | status
    ${'pm_card_createDispute'}        | ${'lost'}
    ${'pm_card_createDisputeInquiry'} | ${'warning_closed'}
  `('by $card that nobody answers for a week ends $status', async ({ card, status }) => {
    const sandbox = openTwin()
    await paidBy(sandbox, card)
    await sandbox.after(60 + 7 * day)
    expect((await sandbox.stripe.disputes.list()).data).toMatchObject([{ status }])
  })

  test('accepted by closing is lost, and stays so', async () => {
    const sandbox = openTwin()
    const { stripe, after } = sandbox
    await paidBy(sandbox, 'pm_card_createDispute')
    await after(60)
    const [dispute] = (await stripe.disputes.list()).data
    const id = dispute?.id ?? ''
    expect((await stripe.disputes.close(id)).status).toBe('lost')
    const evidence = { uncategorized_text: 'winning_evidence' }
    expect(await failureOf(stripe.disputes.update(id, { evidence }))).toMatchObject({
      statusCode: 400,
    })
  })

  test('is announced by an early fraud warning alone, where the card says so', async () => {
    const sandbox = openTwin()
    const { stripe, after } = sandbox
    const charge = await paidBy(sandbox, 'pm_card_createIssuerFraudRecord')
    await after(60)
    expect((await stripe.radar.earlyFraudWarnings.list({ charge })).data).toHaveLength(1)
    expect((await stripe.disputes.list()).data).toEqual([])
  })
})
