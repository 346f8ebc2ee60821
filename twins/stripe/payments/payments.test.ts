import { describe, expect, test } from 'vitest'
import { customerWith, failureOf, openTwin } from '../twin-fixture.ts'

const price = { amount: 2500, currency: 'usd' }

/** Answers a 3-D Secure page as the customer would. */
async function answer(
  sandbox: ReturnType<typeof openTwin>,
  url: string | null | undefined,
  how: 'complete' | 'fail',
) {
  return sandbox.fetch(url ?? '', {
    method: 'POST',
    body: new URLSearchParams({ answer: how }),
    redirect: 'manual',
  })
}

describe('a test card', () => {
  test.each`
    card                                                  | code                  | declineCode                 | why
    ${'pm_card_visa_chargeDeclined'}                      | ${'card_declined'}    | ${'generic_decline'}        | ${'4000000000000002'}
    ${'pm_card_visa_chargeDeclinedInsufficientFunds'}     | ${'card_declined'}    | ${'insufficient_funds'}     | ${'…9995'}
    ${'pm_card_visa_chargeDeclinedLostCard'}              | ${'card_declined'}    | ${'lost_card'}              | ${'…9987'}
    ${'pm_card_visa_chargeDeclinedStolenCard'}            | ${'card_declined'}    | ${'stolen_card'}            | ${'…9979'}
    ${'pm_card_chargeDeclinedExpiredCard'}                | ${'expired_card'}     | ${'expired_card'}           | ${'…0069'}
    ${'pm_card_chargeDeclinedIncorrectCvc'}               | ${'incorrect_cvc'}    | ${'incorrect_cvc'}          | ${'…0127'}
    ${'pm_card_chargeDeclinedProcessingError'}            | ${'processing_error'} | ${'processing_error'}       | ${'…0119'}
    ${'pm_card_visa_chargeDeclinedVelocityLimitExceeded'} | ${'card_declined'}    | ${'card_velocity_exceeded'} | ${'…6975'}
    ${'pm_card_radarBlock'}                               | ${'card_declined'}    | ${'fraudulent'}             | ${'Radar blocks it'}
    ${'pm_card_riskLevelHighest'}                         | ${'card_declined'}    | ${'highest_risk_level'}     | ${'the highest risk'}
  `('$card is declined with $declineCode', async ({ card, code, declineCode }) => {
    const { stripe, eventTypes } = openTwin()
    const pay = stripe.paymentIntents.create({ ...price, payment_method: card, confirm: true })
    const error = await failureOf(pay)
    expect(error).toMatchObject({ statusCode: 402, type: 'StripeCardError', code })
    expect(error.decline_code).toBe(declineCode)
    const [intent] = (await stripe.paymentIntents.list()).data
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      last_payment_error: { code, decline_code: declineCode, payment_method: { type: 'card' } },
    })
    expect(error.payment_intent?.id).toBe(intent?.id)
    const [charge] = (await stripe.charges.list()).data
    expect(charge).toMatchObject({ status: 'failed', paid: false, failure_code: code })
    expect(await eventTypes()).toEqual([
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
    ])
  })

  test.each`
    card                                   | attaches | why
    ${'pm_card_visa'}                      | ${true}  | ${'it works'}
    ${'pm_card_chargeCustomerFail'}        | ${true}  | ${'it fails only when charged'}
    ${'pm_card_visa_chargeDeclined'}       | ${false} | ${'declined at once'}
    ${'pm_card_chargeDeclinedExpiredCard'} | ${false} | ${'expired'}
  `('$card attaches to a customer: $attaches, $why', async ({ card, attaches }) => {
    const { stripe } = openTwin()
    const { id: customer } = await stripe.customers.create({})
    const attaching = stripe.paymentMethods.attach(card, { customer })
    if (attaches) expect(await attaching).toMatchObject({ customer, type: 'card' })
    else expect(await failureOf(attaching)).toMatchObject({ statusCode: 402 })
    const { data } = await stripe.customers.listPaymentMethods(customer)
    expect(data).toHaveLength(attaches ? 1 : 0)
  })

  test.each`
    card                                                  | onSession            | offSession     | why
    ${'pm_card_visa'}                                     | ${'succeeded'}       | ${'succeeded'} | ${'never asks'}
    ${'pm_card_authenticationRequired'}                   | ${'requires_action'} | ${'refused'}   | ${'always asks'}
    ${'pm_card_authenticationRequiredOnSetup'}            | ${'requires_action'} | ${'refused'}   | ${'asks unless it was set up'}
    ${'pm_card_authenticationRequiredSetupForOffSession'} | ${'requires_action'} | ${'succeeded'} | ${'counts as set up'}
    ${'pm_card_threeDSecureOptional'}                     | ${'succeeded'}       | ${'succeeded'} | ${'may ask, need not'}
    ${'pm_card_amex'}                                     | ${'succeeded'}       | ${'succeeded'} | ${'knows no 3-D Secure'}
  `('$card $why: $onSession on-session, $offSession off-session', async (row) => {
    const { stripe } = openTwin()
    const { customer, method } = await customerWith(stripe, row.card)
    const pay = { ...price, customer, payment_method: method, confirm: true }
    const present = await stripe.paymentIntents.create(pay)
    expect(present.status).toBe(row.onSession)
    const absent = stripe.paymentIntents.create({ ...pay, off_session: true })
    if (row.offSession === 'succeeded') expect((await absent).status).toBe('succeeded')
    else
      expect(await failureOf(absent)).toMatchObject({
        statusCode: 402,
        code: 'authentication_required',
        payment_intent: { status: 'requires_payment_method' },
      })
  })

  test('is known by its number, and a number that is no test card is refused', async () => {
    const { stripe, client } = openTwin()
    const made = await client.paymentMethods.create({
      type: 'card',
      card: { number: '4000 0000 0000 0341', exp_month: 4, exp_year: 2031, cvc: '123' },
    })
    expect(made.card).toMatchObject({ last4: '0341', exp_month: 4, exp_year: 2031, brand: 'visa' })
    const pay = { ...price, payment_method: made.id, confirm: true }
    expect(await failureOf(stripe.paymentIntents.create(pay))).toMatchObject({ statusCode: 402 })
    const unknown = { number: '4111111111111111', exp_month: 4, exp_year: 2031 }
    const refused = stripe.paymentMethods.create({ type: 'card', card: unknown })
    expect(await failureOf(refused)).toMatchObject({ decline_code: 'test_mode_live_card' })
  })
})

describe('a payment intent', () => {
  test('succeeds with a charge, its fee on the balance, and its events', async () => {
    const { stripe, eventTypes } = openTwin()
    const { customer, method } = await customerWith(stripe, 'pm_card_visa')
    const intent = await stripe.paymentIntents.create({
      ...price,
      customer,
      payment_method: method,
      off_session: true,
      confirm: true,
      metadata: { invoice: 'in_1' },
      expand: ['latest_charge'],
    })
    expect(intent).toMatchObject({
      status: 'succeeded',
      amount_received: 2500,
      latest_charge: { paid: true, captured: true, metadata: { invoice: 'in_1' } },
    })
    expect((await stripe.balance.retrieve()).available).toMatchObject([
      { amount: 2500 - 103, currency: 'usd' },
    ])
    expect((await eventTypes()).slice(-3)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
    ])
  })

  test('waits for 3-D Secure, and the page ends it and leads back to the shop', async () => {
    const sandbox = openTwin()
    const { stripe } = sandbox
    const intent = await stripe.paymentIntents.create({
      ...price,
      payment_method: 'pm_card_threeDSecure2Required',
      confirm: true,
      return_url: 'https://shop.test/back?order=7',
    })
    const url = intent.next_action?.redirect_to_url?.url
    expect(intent.status).toBe('requires_action')
    expect((await stripe.charges.list()).data).toEqual([])
    const page = await (await sandbox.fetch(url ?? '')).text()
    expect(page).toContain('$25.00')
    expect(page).toContain('Complete authentication')
    expect(page).not.toContain('<script')
    const done = await answer(sandbox, url, 'complete')
    expect(done.status).toBe(303)
    const back = new URL(done.headers.get('location') ?? '')
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      order: '7',
      payment_intent: intent.id,
      redirect_status: 'succeeded',
    })
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
    const again = await answer(sandbox, url, 'complete')
    expect(again.status).toBe(409)
    expect((await stripe.charges.list()).data).toHaveLength(1)
  })

  test('goes back to requires_payment_method when the customer fails 3-D Secure, without a charge', async () => {
    const sandbox = openTwin()
    const { stripe, eventTypes } = sandbox
    const intent = await stripe.paymentIntents.create({
      ...price,
      payment_method: 'pm_card_threeDSecure2Required',
      confirm: true,
    })
    const page = await answer(sandbox, intent.next_action?.redirect_to_url?.url, 'fail')
    expect(await page.text()).toContain('You can close this page')
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect(after.status).toBe('requires_payment_method')
    expect(after.last_payment_error?.code).toBe('payment_intent_authentication_failure')
    expect((await stripe.charges.list()).data).toEqual([])
    expect((await eventTypes()).at(-1)).toBe('payment_intent.payment_failed')
    const retried = await stripe.paymentIntents.confirm(intent.id, {
      payment_method: 'pm_card_visa',
    })
    expect(retried).toMatchObject({ status: 'succeeded', last_payment_error: null })
  })

  test('is declined after the authentication by a card that has no funds', async () => {
    const sandbox = openTwin()
    const intent = await sandbox.stripe.paymentIntents.create({
      ...price,
      payment_method: 'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds',
      confirm: true,
    })
    await answer(sandbox, intent.next_action?.redirect_to_url?.url, 'complete')
    const after = await sandbox.stripe.paymentIntents.retrieve(intent.id)
    expect(after.last_payment_error?.decline_code).toBe('insufficient_funds')
  })

  test('is confirmed by the client with the publishable key and its secret alone', async () => {
    const { stripe, client } = openTwin()
    const intent = await stripe.paymentIntents.create({ ...price, payment_method: 'pm_card_visa' })
    const wrong = client.paymentIntents.confirm(intent.id, {}, {})
    expect(await failureOf(wrong)).toMatchObject({ statusCode: 400, code: 'resource_missing' })
    const stolen = client.paymentIntents.retrieve(intent.id, { client_secret: 'pi_x_secret_y' })
    expect(await failureOf(stolen)).toMatchObject({ code: 'resource_missing' })
    const done = await client.rawRequest('POST', `/v1/payment_intents/${intent.id}/confirm`, {
      client_secret: intent.client_secret ?? '',
    })
    expect(done).toMatchObject({ status: 'succeeded' })
  })

  test('keeps the card for later when asked, after which it pays off-session without asking', async () => {
    const sandbox = openTwin()
    const { stripe } = sandbox
    const { id: customer } = await stripe.customers.create({})
    const first = await stripe.paymentIntents.create({
      ...price,
      customer,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
      setup_future_usage: 'off_session',
      confirm: true,
    })
    await answer(sandbox, first.next_action?.redirect_to_url?.url, 'complete')
    const [method] = (await stripe.customers.listPaymentMethods(customer)).data
    const next = await stripe.paymentIntents.create({
      ...price,
      customer,
      payment_method: method?.id ?? '',
      off_session: true,
      confirm: true,
    })
    expect(next.status).toBe('succeeded')
  })

  test('can be canceled while it waits, and not once it has ended', async () => {
    const { stripe, eventTypes } = openTwin()
    const intent = await stripe.paymentIntents.create(price)
    const params = { cancellation_reason: 'abandoned' } as const
    const canceled = await stripe.paymentIntents.cancel(intent.id, params)
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' })
    expect((await eventTypes()).at(-1)).toBe('payment_intent.canceled')
    const confirm = stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' })
    expect(await failureOf(confirm)).toMatchObject({ code: 'payment_intent_unexpected_state' })
    expect(await failureOf(stripe.paymentIntents.cancel(intent.id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
  })

  test('refuses a card of another customer, and a missing one', async () => {
    const { stripe } = openTwin()
    const { method } = await customerWith(stripe, 'pm_card_visa')
    const other = await stripe.customers.create({})
    const theirs = { ...price, customer: other.id, payment_method: method, confirm: true }
    expect(await failureOf(stripe.paymentIntents.create(theirs))).toMatchObject({ statusCode: 400 })
    const none = stripe.paymentIntents.create({ ...price, confirm: true })
    expect(await failureOf(none)).toMatchObject({ param: 'payment_method' })
  })

  test.each`
    account                                 | status                       | event
    ${'pm_usBankAccount_success'}           | ${'succeeded'}               | ${'payment_intent.succeeded'}
    ${'pm_usBankAccount_insufficientFunds'} | ${'requires_payment_method'} | ${'payment_intent.payment_failed'}
  `('by $account is processing for four days, then $status', async ({ account, status, event }) => {
    const { stripe, after, eventTypes } = openTwin()
    const pay = { ...price, payment_method: account, confirm: true }
    const intent = await stripe.paymentIntents.create(pay)
    expect(intent.status).toBe('processing')
    await after(4 * 86_400 - 1)
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('processing')
    await after(1)
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe(status)
    expect((await eventTypes()).at(-1)).toBe(event)
  })
})

describe('a setup intent', () => {
  test.each`
    card                                       | status
    ${'pm_card_visa'}                          | ${'succeeded'}
    ${'pm_card_authenticationRequiredOnSetup'} | ${'requires_action'}
    ${'pm_card_chargeCustomerFail'}            | ${'succeeded'}
  `('with $card ends in $status', async ({ card, status }) => {
    const { stripe } = openTwin()
    const { id: customer } = await stripe.customers.create({})
    const input = { customer, payment_method: card, confirm: true }
    expect((await stripe.setupIntents.create(input)).status).toBe(status)
  })

  test('attaches the card once the holder has authenticated, and then it pays off-session', async () => {
    const sandbox = openTwin()
    const { stripe, eventTypes } = sandbox
    const { id: customer } = await stripe.customers.create({})
    const intent = await stripe.setupIntents.create({ customer })
    const waiting = await stripe.setupIntents.confirm(intent.id, {
      payment_method: 'pm_card_authenticationRequiredOnSetup',
    })
    expect((await stripe.customers.listPaymentMethods(customer)).data).toEqual([])
    await answer(sandbox, waiting.next_action?.redirect_to_url?.url, 'complete')
    const [method] = (await stripe.customers.listPaymentMethods(customer)).data
    const pay = { ...price, customer, off_session: true, confirm: true }
    const paid = await stripe.paymentIntents.create({ ...pay, payment_method: method?.id ?? '' })
    expect(paid.status).toBe('succeeded')
    expect((await eventTypes()).slice(0, 5)).toEqual([
      'customer.created',
      'setup_intent.created',
      'setup_intent.requires_action',
      'payment_method.attached',
      'setup_intent.succeeded',
    ])
  })

  test('fails with the card, or with the authentication, and may be tried again', async () => {
    const sandbox = openTwin()
    const { stripe } = sandbox
    const { id: customer } = await stripe.customers.create({})
    const { id } = await stripe.setupIntents.create({ customer })
    const declined = { payment_method: 'pm_card_visa_chargeDeclined' }
    expect(await failureOf(stripe.setupIntents.confirm(id, declined))).toMatchObject({
      statusCode: 402,
      setup_intent: { status: 'requires_payment_method' },
    })
    const asking = { payment_method: 'pm_card_authenticationRequired' }
    const waiting = await stripe.setupIntents.confirm(id, asking)
    await answer(sandbox, waiting.next_action?.redirect_to_url?.url, 'fail')
    expect((await stripe.setupIntents.retrieve(id)).last_setup_error?.code).toBe(
      'setup_intent_authentication_failure',
    )
    const done = await stripe.setupIntents.confirm(id, { payment_method: 'pm_card_visa' })
    expect(done.status).toBe('succeeded')
    expect(await failureOf(stripe.setupIntents.cancel(id))).toMatchObject({
      code: 'setup_intent_unexpected_state',
    })
  })
})

describe("an invoice's payment intent", () => {
  test('is neither canceled nor changed by itself, only through its invoice', async () => {
    const { stripe } = openTwin()
    const { id: customer } = await stripe.customers.create({})
    const { id: price } = await stripe.prices.create({
      currency: 'usd',
      unit_amount: 2500,
      recurring: { interval: 'month' },
      product_data: { name: 'Pro' },
    })
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price }],
      payment_behavior: 'default_incomplete',
    })
    const [intent] = (await stripe.paymentIntents.list({ customer })).data
    const id = intent?.id ?? ''
    const refused = { statusCode: 400, code: 'payment_intent_unexpected_state' }
    expect(await failureOf(stripe.paymentIntents.cancel(id))).toMatchObject(refused)
    const change = stripe.paymentIntents.update(id, { amount: 1 })
    expect(await failureOf(change)).toMatchObject(refused)
    await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' })
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active')
  })
})
