import { describe, expect, test } from 'vitest'
import { idOf, openSandbox } from '../billing/billing-fixture.ts'

const start = '2027-01-31T12:00:00.000Z'
const success = 'http://shop.test/done?session={CHECKOUT_SESSION_ID}'

type Extra = Parameters<
  Awaited<ReturnType<typeof openSandbox>>['stripe']['checkout']['sessions']['create']
>[0]

async function opened(extra: Extra = {}) {
  const sandbox = await openSandbox(start)
  const customer = await sandbox.customer()
  const session = await sandbox.stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: sandbox.prices.month, quantity: 3 }],
    customer,
    client_reference_id: 'acct_1',
    success_url: success,
    cancel_url: 'http://shop.test/plans',
    ...extra,
  })
  const page = session.url ?? ''
  const done = success.replace('{CHECKOUT_SESSION_ID}', session.id)
  return {
    sandbox,
    customer,
    session,
    page,
    done,
    /** Sends the page's form. */
    pay: async (card: string, field: 'card' | 'number' = 'card'): Promise<Response> => {
      const body = new URLSearchParams({ email: 'ada@example.com', [field]: card })
      return sandbox.fetch(page, { method: 'POST', body })
    },
    current: () => sandbox.stripe.checkout.sessions.retrieve(session.id),
  }
}

describe('a session', () => {
  test('starts open, unpaid, with a page and the sum of its lines', async () => {
    const { session, sandbox } = await opened()
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 3000,
      currency: 'usd',
      client_reference_id: 'acct_1',
      subscription: null,
      expires_at: session.created + 86_400,
    })
    const lines = await sandbox.stripe.checkout.sessions.listLineItems(session.id)
    expect(lines.data).toMatchObject([{ quantity: 3, amount_total: 3000, description: 'Plan' }])
    const { line_items } = await sandbox.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['line_items'],
    })
    expect(line_items?.data).toHaveLength(1)
  })

  test('shows what is bought and the cards to choose from', async () => {
    const { sandbox, page } = await opened()
    const response = await sandbox.fetch(page)
    const html = await response.text()
    expect(response.status).toBe(200)
    for (const words of ['3 × Plan', 'USD', '30.00', '4242 4242 4242 4242', 'ada@example.com']) {
      expect(html).toContain(words)
    }
  })

  test('expires after a day, and its page says so', async () => {
    const { sandbox, page, current, pay } = await opened()
    await sandbox.to('2027-02-01T12:00:00.000Z')
    expect(await current()).toMatchObject({ status: 'expired', url: null })
    expect(await sandbox.seen('checkout.session.expired')).toHaveLength(1)
    expect((await sandbox.fetch(page)).status).toBe(410)
    expect((await pay('pm_card_visa')).status).toBe(410)
    expect(await sandbox.charges()).toBe(0)
  })

  test('can be expired while it is open, and only then', async () => {
    const { sandbox, session } = await opened()
    const expired = await sandbox.stripe.checkout.sessions.expire(session.id)
    expect(expired.status).toBe('expired')
    const again = sandbox.stripe.checkout.sessions.expire(session.id)
    await expect(again).rejects.toMatchObject({ statusCode: 400 })
  })

  test('an unknown one is a page that says so', async () => {
    const { sandbox } = await opened()
    expect((await sandbox.fetch('http://sandbox.test/c/pay/cs_test_none')).status).toBe(404)
  })
})

describe('paying a subscription', () => {
  test('a good card leads to success_url, with an active subscription', async () => {
    const { sandbox, customer, pay, current, done } = await opened({
      subscription_data: { metadata: { tenant: 'a' } },
    })
    const response = await pay('pm_card_visa')
    expect([response.status, response.headers.get('location')]).toEqual([303, done])
    const session = await current()
    expect(session).toMatchObject({ status: 'complete', payment_status: 'paid', url: null })
    const subscription = await sandbox.stripe.subscriptions.retrieve(idOf(session.subscription))
    expect(subscription).toMatchObject({
      status: 'active',
      customer,
      metadata: { tenant: 'a' },
      latest_invoice: session.invoice,
    })
    await sandbox.to('2027-02-28T13:00:00.000Z')
    expect((await sandbox.latest(subscription.id)).status).toBe('paid')
  })

  test('the session’s completion is told before all that it made', async () => {
    const { sandbox, pay } = await opened()
    const before = await sandbox.eventCount()
    await pay('pm_card_visa')
    expect(await sandbox.since(before)).toEqual([
      'checkout.session.completed complete',
      'invoice.created draft',
      'invoice.finalized open',
      'payment_intent.created requires_payment_method',
      'customer.subscription.created incomplete',
      'charge.succeeded succeeded',
      'payment_method.attached',
      'payment_intent.succeeded succeeded',
      'invoice.updated paid',
      'invoice.paid paid',
      'invoice.payment_succeeded paid',
      'invoice_payment.paid paid',
      'customer.subscription.updated active',
    ])
  })

  test('a number with blanks is as good as a card from the list', async () => {
    const { pay, current } = await opened()
    await pay('4242 4242 4242 4242', 'number')
    expect((await current()).status).toBe('complete')
  })

  test('a declined card may be followed by another, for the same subscription', async () => {
    const { sandbox, customer, pay, current, done } = await opened()
    const declined = await pay('4000000000009995', 'number')
    expect(declined.status).toBe(402)
    expect(await declined.text()).toContain('insufficient funds')
    expect((await current()).status).toBe('open')
    expect((await pay('pm_card_visa')).headers.get('location')).toBe(done)
    const { data } = await sandbox.stripe.subscriptions.list({ customer, status: 'all' })
    expect(data.map(({ status }) => status)).toEqual(['active'])
  })

  test('a number that is no test card is refused, and nothing is made', async () => {
    const { sandbox, customer, pay } = await opened()
    expect((await pay('4111111111111111', 'number')).status).toBe(402)
    expect((await sandbox.stripe.subscriptions.list({ customer, status: 'all' })).data).toEqual([])
  })

  test('3-D Secure goes to the bank’s page and back; nothing is active before', async () => {
    const { sandbox, pay, current, done } = await opened()
    const asked = await pay('pm_card_threeDSecure2Required')
    const bank = asked.headers.get('location') ?? ''
    expect(bank).toMatch(/^http:\/\/sandbox\.test\/3ds\/pi_/)
    expect((await current()).status).toBe('open')
    const answer = new URLSearchParams({ answer: 'complete' })
    const back = await sandbox.fetch(bank, { method: 'POST', body: answer })
    const home = await sandbox.fetch(back.headers.get('location') ?? '')
    expect(home.headers.get('location')).toBe(done)
    expect(await current()).toMatchObject({ status: 'complete', payment_status: 'paid' })
  })

  test('a failed authentication comes back to the page, which takes another card', async () => {
    const { sandbox, pay, current } = await opened()
    const bank = (await pay('pm_card_threeDSecure2Required')).headers.get('location') ?? ''
    const answer = new URLSearchParams({ answer: 'fail' })
    const back = await sandbox.fetch(bank, { method: 'POST', body: answer })
    const page = await sandbox.fetch(back.headers.get('location') ?? '')
    expect([page.status, (await current()).status]).toEqual([402, 'open'])
    await pay('pm_card_visa')
    expect((await current()).status).toBe('complete')
  })

  test('paying twice charges once', async () => {
    const { sandbox, pay, done } = await opened()
    await pay('pm_card_visa')
    expect((await pay('pm_card_visa')).headers.get('location')).toBe(done)
    expect(await sandbox.charges()).toBe(1)
  })

  test('without a customer one is made from the e-mail', async () => {
    const { sandbox, session: first } = await opened()
    const session = await sandbox.stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: sandbox.prices.month, quantity: 1 }],
      success_url: success,
    })
    expect([first.customer_creation, session.customer_creation]).toEqual([null, 'always'])
    const body = new URLSearchParams({ email: 'new@example.com', card: 'pm_card_visa' })
    await sandbox.fetch(session.url ?? '', { method: 'POST', body })
    const paid = await sandbox.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['customer'],
    })
    expect(paid.customer).toMatchObject({ email: 'new@example.com' })
  })

  test('a trial takes the card, charges nothing, and charges it when the trial is over', async () => {
    const { sandbox, pay, current } = await opened({ subscription_data: { trial_period_days: 7 } })
    await pay('pm_card_visa')
    const session = await current()
    expect(session).toMatchObject({ status: 'complete', payment_status: 'no_payment_required' })
    const id = idOf(session.subscription)
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['trialing', 0])
    await sandbox.to('2027-02-07T13:00:00.000Z')
    expect([await sandbox.status(id), await sandbox.charges()]).toEqual(['active', 1])
  })
})

test('a trial with a card that asks for its holder starts once they have authenticated', async () => {
  const { sandbox, pay, current } = await opened({ subscription_data: { trial_period_days: 7 } })
  const bank = (await pay('pm_card_authenticationRequiredOnSetup')).headers.get('location') ?? ''
  expect(bank).toMatch(/\/3ds\/seti_/)
  expect((await current()).status).toBe('open')
  await sandbox.fetch(bank, { method: 'POST', body: new URLSearchParams({ answer: 'complete' }) })
  const session = await current()
  expect(session).toMatchObject({ status: 'complete', payment_status: 'no_payment_required' })
  await sandbox.to('2027-02-07T13:00:00.000Z')
  expect(await sandbox.status(idOf(session.subscription))).toBe('active')
})

test('a session that only sets a card up completes with its setup intent', async () => {
  const { sandbox, customer } = await opened()
  const session = await sandbox.stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer,
    success_url: success,
  })
  const body = new URLSearchParams({ email: 'ada@example.com', number: '4000000000000002' })
  const refused = await sandbox.fetch(session.url ?? '', { method: 'POST', body })
  expect(refused.status).toBe(402)
  body.set('number', '4242424242424242')
  await sandbox.fetch(session.url ?? '', { method: 'POST', body })
  const done = await sandbox.stripe.checkout.sessions.retrieve(session.id, {
    expand: ['setup_intent'],
  })
  expect(done).toMatchObject({
    status: 'complete',
    payment_status: 'no_payment_required',
    setup_intent: { customer, status: 'succeeded' },
  })
})

test('a one-off payment completes with its payment intent', async () => {
  const { sandbox } = await opened()
  const session = await sandbox.stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ price: sandbox.prices.once, quantity: 2 }],
    payment_intent_data: { metadata: { order: '7' } },
    success_url: success,
  })
  const body = new URLSearchParams({ email: 'new@example.com', card: 'pm_card_visa' })
  await sandbox.fetch(session.url ?? '', { method: 'POST', body })
  const paid = await sandbox.stripe.checkout.sessions.retrieve(session.id, {
    expand: ['payment_intent'],
  })
  expect(paid).toMatchObject({
    status: 'complete',
    subscription: null,
    payment_intent: { amount: 5000, status: 'succeeded', metadata: { order: '7' } },
  })
})
