import { describe, expect, test } from 'vitest'
import { EffectRequest } from '../../machines/effects.ts'
import { eventsOf, factIn, openStripe } from '../../test/harness/stripe-performer.ts'
import { msPerHour, plusMs } from '../../values/instant.ts'

const create = {
  kind: 'customer.create',
  provider: 'stripe',
  account: 'account/acct_1',
  email: 'ada@example.com',
  name: null,
} as const

async function customersIn(world: ReturnType<typeof openStripe>): Promise<number> {
  return (await world.stripe.customers.list({ limit: 100 })).data.length
}

describe('a command', () => {
  test('is done, and told by a fresh read with the time that Stripe gave', async () => {
    const world = openStripe()
    const { results } = await world.deliver(create)
    expect(results).toMatchObject([
      {
        occurredAt: '2027-01-31T12:00:00.000Z',
        event: {
          type: 'customer.observed',
          read: 3,
          facts: { email: 'ada@example.com', deleted: false, defaultPaymentMethod: null },
        },
      },
    ])
    expect(results?.[0]).not.toHaveProperty('to')
  })

  test.each`
    fate        | why
    ${'lost'}   | ${'Stripe did it, and its answer was lost'}
    ${'unsent'} | ${'Stripe never heard of it'}
  `('A4 is done once, where $why', async ({ fate }) => {
    const world = openStripe()
    world.ruleFirstPost(fate)
    const delivered = await world.deliver(create)
    expect(delivered.delays).toHaveLength(1)
    expect(eventsOf(delivered)).toMatchObject([{ type: 'customer.observed' }])
    expect(await customersIn(world)).toBe(1)
  })

  test('A4 is found again before it is tried again', async () => {
    const world = openStripe()
    world.ruleFirstPost('lost')
    await world.deliver(create)
    expect(world.requests.filter((request) => request === 'POST /v1/customers')).toHaveLength(1)
  })

  test.each(Array.from({ length: 8 }, (_, i) => `seed ${i}`))(
    'A4 is done once where Stripe stored a 500, whether before or after the work (%s)',
    async (seed) => {
      const world = openStripe()
      world.twin.chaos.set({ seed, http500: 1 })
      await world.deliver(create, { tries: 2 })
      world.twin.chaos.set({ http500: 0 })
      const delivered = await world.deliver(create, { claimed: { tries: 2 } })
      expect(eventsOf(delivered)).toMatchObject([{ type: 'customer.observed' }])
      expect(delivered.delays.filter((delay) => delay.newAttempt).length).toBeLessThan(2)
      expect(await customersIn(world)).toBe(1)
    },
  )

  test('A4 is found again past the window of its idempotency key', async () => {
    const world = openStripe()
    world.ruleFirstPost('lost')
    await world.deliver(create, { tries: 1 })
    const firstTriedAt = world.now()
    world.pass(25 * msPerHour)
    const delivered = await world.deliver(create, { claimed: { tries: 1, firstTriedAt } })
    expect(delivered.delays).toHaveLength(0)
    expect(await customersIn(world)).toBe(1)
  })

  test('takes a new attempt past the window, once it is known that nothing was done', async () => {
    const world = openStripe()
    const firstTriedAt = plusMs(world.now(), -23 * msPerHour)
    const delivered = await world.deliver(create, { claimed: { tries: 1, firstTriedAt } })
    expect(delivered.delays).toMatchObject([{ newAttempt: true, afterMs: 0 }])
    expect(await customersIn(world)).toBe(1)
  })

  test('M2 is read first where an old try is known, though none was counted', async () => {
    const world = openStripe()
    const firstTriedAt = world.now()
    await world.deliver(create)
    world.pass(30 * msPerHour)
    const delivered = await world.deliver(create, { claimed: { tries: 0, firstTriedAt } })
    expect(eventsOf(delivered)).toMatchObject([{ type: 'customer.observed' }])
    expect(await customersIn(world)).toBe(1)
  })

  test('keeps its key for another try within the window', async () => {
    const world = openStripe()
    world.ruleFirstPost('unsent')
    const { delays } = await world.deliver(create)
    expect(delays).toMatchObject([{ newAttempt: false, counts: true }])
  })

  test.each`
    status | headers                   | afterMs | why
    ${429} | ${{ 'retry-after': '7' }} | ${7000} | ${'as long as Stripe asks'}
    ${429} | ${{}}                     | ${null} | ${'as long as the delivery likes'}
    ${409} | ${{}}                     | ${null} | ${'while the first call is still running'}
    ${503} | ${{}}                     | ${null} | ${'while Stripe is down'}
  `('waits after a $status $why', async ({ status, headers, afterMs }) => {
    const world = openStripe()
    const body = JSON.stringify({ error: { type: 'api_error', message: 'no' } })
    world.ruleFirstPost(new Response(body, { status, headers }))
    const { delays } = await world.deliver(create, { tries: 1 })
    expect(delays).toMatchObject([{ afterMs, newAttempt: false }])
  })

  test.each`
    status | names                  | code
    ${401} | ${'STRIPE_SECRET_KEY'} | ${'stripe_key_refused'}
    ${403} | ${'permission'}        | ${'stripe_key_forbidden'}
  `(
    'waits with what to mend where our key is refused with $status',
    async ({ status, names, code }) => {
      const world = openStripe()
      const message = 'Invalid API Key provided: sk_test_wrong'
      const body = JSON.stringify({ error: { type: 'invalid_request_error', message } })
      world.ruleFirstPost(new Response(body, { status }))
      const { delays } = await world.deliver(create, { tries: 1 })
      expect(delays).toMatchObject([{ counts: false, message: expect.stringContaining(names) }])
      expect(delays[0]?.message).not.toContain('sk_test_wrong')
      expect(world.access.trouble()).toMatchObject({ code })
      await world.deliver(create)
      expect(world.access.trouble()).toBeNull()
    },
  )

  test('is parked where its key was used for another request', async () => {
    const world = openStripe()
    await world.deliver(create)
    const other = { ...create, account: 'account/acct_2', name: 'Ada' } as const
    await expect(world.deliver(other)).rejects.toThrow('One idempotency key')
  })

  test('is refused with Stripe’s reason, and without what nobody should read', async () => {
    const world = openStripe()
    const message = 'Invalid email address: ada@example.com for tok_1abc with sk_test_9'
    const error = { type: 'invalid_request_error', code: 'email_invalid', message }
    world.ruleFirstPost(new Response(JSON.stringify({ error }), { status: 400 }))
    expect(eventsOf(await world.deliver(create))).toStrictEqual([
      {
        type: 'effect.rejected',
        effect: 'customer.create',
        code: 'email_invalid',
        message: 'Invalid email address: … for … with …',
      },
    ])
  })

  test.each`
    claimed         | why
    ${{ tries: 0 }} | ${'at first'}
    ${{ tries: 1 }} | ${'after a try whose outcome is not known'}
  `(
    'whose e-mail Stripe takes nowhere is refused, and named nowhere, $why',
    async ({ claimed }) => {
      const world = openStripe()
      const error = {
        type: 'invalid_request_error',
        code: 'email_invalid',
        message: `Invalid email address: ${create.email}`,
      }
      world.rule(() => new Response(JSON.stringify({ error }), { status: 400 }))
      const delivered = await world.deliver(create, { claimed })
      expect(eventsOf(delivered)).toMatchObject([
        { type: 'effect.rejected', code: 'email_invalid' },
      ])
      expect(JSON.stringify(delivered.results)).not.toContain(create.email)
    },
  )

  test('M2 whose search is refused past the window is parked, for it may have been done', async () => {
    const world = openStripe()
    const message = `Invalid email address: ${create.email}`
    const error = { type: 'invalid_request_error', code: 'email_invalid', message }
    world.rule(() => new Response(JSON.stringify({ error }), { status: 400 }))
    const firstTriedAt = plusMs(world.now(), -30 * msPerHour)
    const failing = world.deliver(create, { claimed: { tries: 1, firstTriedAt } })
    await expect(failing).rejects.toMatchObject({ code: 'stripe_refused' })
    await expect(failing).rejects.not.toHaveProperty('cause')
    await expect(failing).rejects.toThrow('400 email_invalid')
    await expect(failing).rejects.not.toThrow(create.email)
    expect(world.requests).not.toContain('POST /v1/customers')
  })

  test('of an account that has no customer yet waits, and uses up no tries', async () => {
    const world = openStripe()
    const attach = {
      kind: 'payment_method.attach',
      provider: 'stripe',
      account: 'account/acct_1',
      token: 'pm_card_visa',
    } as const
    const { delays } = await world.deliver(attach, { tries: 1 })
    expect(delays).toMatchObject([{ counts: false }])
  })
})

describe('a read', () => {
  const read = {
    kind: 'object.read',
    provider: 'stripe',
    object: 'customer',
    objectId: 'cus_none',
    coalesce: 'customer',
  } as const

  test('of what Stripe does not have says so', async () => {
    const world = openStripe()
    expect(eventsOf(await world.deliver(read))).toStrictEqual([
      { type: 'object.missing', object: 'customer', id: 'cus_none' },
    ])
    expect(eventsOf(await world.deliver({ ...read, objectId: '' }))).toMatchObject([
      { type: 'object.missing' },
    ])
  })

  test('of a deleted customer says that it is deleted', async () => {
    const world = openStripe()
    const { id } = await world.stripe.customers.create({ email: 'ada@example.com' })
    await world.stripe.customers.del(id)
    expect(eventsOf(await world.deliver({ ...read, objectId: id }))).toMatchObject([
      { type: 'customer.observed', facts: { customer: id, deleted: true, email: null } },
    ])
  })

  test('of a customer may tell its cards as well, and which they are', async () => {
    const world = openStripe()
    const objectId = await world.customer('account/acct_1', 'pm_card_visa')
    await world.stripe.paymentMethods.attach('pm_card_mastercard', { customer: objectId })
    const ask = { ...read, objectId, paymentMethods: true } as const
    const events = eventsOf(await world.deliver(ask))
    const methods = events.slice(1, 3).map((event) => factIn(event, 'paymentMethod'))
    expect(events).toMatchObject([
      { type: 'customer.observed', read: 3 },
      { type: 'payment_method.observed', read: 3, facts: { last4: '4444', attached: true } },
      { type: 'payment_method.observed', read: 3, facts: { last4: '4242', attached: true } },
      { type: 'wallet.observed', paymentMethods: methods },
    ])
    await world.stripe.customers.del(objectId)
    expect(eventsOf(await world.deliver(ask))).toMatchObject([
      { facts: { deleted: true } },
      { type: 'wallet.observed', paymentMethods: [] },
    ])
    expect(eventsOf(await world.deliver({ ...ask, objectId: 'cus_none' }))).toMatchObject([
      { type: 'object.missing' },
    ])
  })

  test('is never dated later than the state that it shows', async () => {
    const world = openStripe()
    const { id } = await world.stripe.customers.create({ email: 'ada@example.com' })
    world.rule(() => {
      world.pass(2500)
      return 'answered'
    })
    const { results } = await world.deliver({ ...read, objectId: id })
    expect(results).toMatchObject([{ occurredAt: '2027-01-31T11:59:59.000Z' }])
  })

  test.each`
    error                                          | paused   | why
    ${{ type: 'api_error', message: 'Too many' }}  | ${true}  | ${'slows down after any 429, also of a command'}
    ${{ type: 'api_error', code: 'lock_timeout' }} | ${false} | ${'goes on where Stripe has only locked an object'}
  `('$why', async ({ error, paused }) => {
    const world = openStripe()
    const headers = { 'retry-after': '7' }
    world.ruleFirstPost(new Response(JSON.stringify({ error }), { status: 429, headers }))
    const { performer, claim, now } = world
    const refused = performer.perform(claim(create), now())
    await expect(refused).rejects.toMatchObject({ afterMs: 7000, counts: true })
    const reading = performer.perform(claim(read), now())
    if (paused) await expect(reading).rejects.toMatchObject({ afterMs: 7000, counts: false })
    else expect(await reading).toHaveLength(1)
  })

  test('waits without using up tries while the budget is spent', async () => {
    const world = openStripe({ readsPerSecond: 2 })
    const missing = async () => (await world.deliver(read, { tries: 1 })).delays
    expect(await missing()).toHaveLength(0)
    expect(await missing()).toHaveLength(0)
    expect(await missing()).toMatchObject([{ counts: false, afterMs: 500 }])
    expect(await missing()).toHaveLength(0)
  })
})

test('every effect that touches a provider is taken, and no other', () => {
  const kinds = EffectRequest.options.map((option) => option.shape.kind.value)
  const elsewhere = new Set(['tell', 'email.send', 'policy.read'])
  const { performer } = openStripe()
  expect(performer.kinds.toSorted()).toStrictEqual(
    kinds.filter((kind) => !elsewhere.has(kind)).toSorted(),
  )
})
