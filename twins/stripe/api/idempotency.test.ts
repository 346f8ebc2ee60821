import { describe, expect, test } from 'vitest'
import { failureOf, headerOf, openTwin } from '../twin-fixture.ts'

const key = { idempotencyKey: 'order-1' }

describe('an idempotency key', () => {
  test('answers a repeated POST with the stored answer and does the work once', async () => {
    const { stripe, posts, twin } = openTwin()
    const first = await stripe.customers.create({ name: 'Ada' }, key)
    const second = await stripe.customers.create({ name: 'Ada' }, key)
    expect(second.id).toBe(first.id)
    expect(headerOf(second, 'idempotent-replayed')).toBe('true')
    expect(headerOf(first, 'idempotent-replayed')).toBeNull()
    await twin.runDue()
    expect(posts).toHaveLength(1)
    const [event] = (await stripe.events.list()).data
    expect(event?.request).toEqual({
      id: first.lastResponse.requestId,
      idempotency_key: 'order-1',
    })
  })

  test.each`
    why                   | call
    ${'other parameters'} | ${'parameters'}
    ${'another endpoint'} | ${'endpoint'}
  `('refuses $why with the same key', async ({ call }) => {
    const { stripe } = openTwin()
    await stripe.customers.create({ name: 'Ada' }, key)
    const other =
      call === 'parameters'
        ? stripe.customers.create({ name: 'Eve' }, key)
        : stripe.products.create({ name: 'Ada' }, key)
    expect(await failureOf(other)).toMatchObject({
      statusCode: 400,
      type: 'StripeIdempotencyError',
    })
  })

  test('keeps a decline, which a retry with the same key does not overcome', async () => {
    const { stripe } = openTwin()
    const pay = () =>
      stripe.paymentIntents.create(
        {
          amount: 900,
          currency: 'usd',
          payment_method: 'pm_card_chargeCustomerFail',
          confirm: true,
        },
        key,
      )
    expect(await failureOf(pay())).toMatchObject({ statusCode: 402 })
    expect(await failureOf(pay())).toMatchObject({ statusCode: 402, code: 'card_declined' })
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1)
  })

  test('does not remember a request whose parameters were refused', async () => {
    const { stripe } = openTwin()
    const refused = stripe.rawRequest('POST', '/v1/customers', { nonsense: '1' }, key)
    expect(await failureOf(refused)).toMatchObject({ code: 'parameter_unknown' })
    await expect(stripe.customers.create({ name: 'Ada' }, key)).resolves.toBeDefined()
  })

  test('is forgotten after 24 hours', async () => {
    const { stripe, after } = openTwin()
    const first = await stripe.customers.create({ name: 'Ada' }, key)
    await after(24 * 3600 - 1)
    expect((await stripe.customers.create({ name: 'Ada' }, key)).id).toBe(first.id)
    await after(1)
    expect((await stripe.customers.create({ name: 'Ada' }, key)).id).not.toBe(first.id)
  })

  test('is refused with 409 while its first request runs', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { stripe } = openTwin({ latency: () => gate })
    const first = stripe.customers.create({ name: 'Ada' }, key)
    // The in-memory fetch has taken the key once other work of the loop had a turn.
    await new Promise((resolve) => setImmediate(resolve))
    const second = await failureOf(stripe.customers.create({ name: 'Ada' }, key))
    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
    release()
    expect((await first).name).toBe('Ada')
  })
})
