import { serve } from '@hono/node-server'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { letTimeFly } from '../../test/harness/flying-time.ts'
import { until } from '../../test/harness/until.ts'
import {
  publishableKey,
  secretKey,
  failureOf,
  headerOf,
  memoryStorage,
  openTwin,
} from './twin-fixture.ts'

describe('the API of the simulated Stripe', () => {
  test('is reached by the real SDK over loopback HTTP', async () => {
    const { twin } = openTwin()
    const server = serve({ fetch: twin.app.fetch, port: 0, hostname: '127.0.0.1' })
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const stripe = new Stripe(secretKey, {
        host: '127.0.0.1',
        port,
        protocol: 'http',
        telemetry: false,
      })
      const made = await stripe.customers.create({ name: 'Zoë & Søn [x]', metadata: { a: 'é' } })
      const read = await stripe.customers.retrieve(made.id)
      expect(read).toMatchObject({ name: 'Zoë & Søn [x]', metadata: { a: 'é' } })
      expect(headerOf(read, 'date')).toBe('Fri, 01 Jan 2027 00:00:00 GMT')
      expect(read.lastResponse.requestId).toMatch(/^req_/)
    } finally {
      server.close()
    }
  })

  test.each`
    key                | path                   | method    | status | why
    ${''}              | ${'/v1/customers'}     | ${'GET'}  | ${401} | ${'no key'}
    ${'sk_test_wrong'} | ${'/v1/customers'}     | ${'GET'}  | ${401} | ${'another account'}
    ${publishableKey}  | ${'/v1/customers'}     | ${'GET'}  | ${403} | ${'a client may not list'}
    ${secretKey}       | ${'/v1/nothing'}       | ${'GET'}  | ${404} | ${'no such address'}
    ${secretKey}       | ${'/v1/customers/cus'} | ${'GET'}  | ${404} | ${'no such customer'}
    ${secretKey}       | ${'/v1/customers'}     | ${'POST'} | ${200} | ${'a secret key may do all'}
  `('answers $status: $why', async ({ key, path, method, status }) => {
    const { fetch } = openTwin()
    const headers = key === '' ? {} : { Authorization: `Bearer ${key}` }
    const response = await fetch(`http://stripe.test${path}`, { method, headers })
    expect(response.status).toBe(status)
    if (status !== 200) expect(await response.json()).toHaveProperty('error.message')
  })

  test('takes a key as curl -u sends it', async () => {
    const { fetch } = openTwin()
    const basic = Buffer.from(`${secretKey}:`).toString('base64')
    const headers = { Authorization: `Basic ${basic}` }
    expect((await fetch('http://stripe.test/v1/balance', { headers })).status).toBe(200)
  })

  test.each`
    input                                     | param         | code                   | why
    ${{ amount: 100 }}                        | ${'currency'} | ${'parameter_missing'} | ${'a parameter is missing'}
    ${{ amount: 'x', currency: 'eur' }}       | ${'amount'}   | ${'parameter_invalid'} | ${'not a number'}
    ${{ amount: 10, currency: 'eur' }}        | ${'amount'}   | ${'amount_too_small'}  | ${'below the minimum'}
    ${{ amount: 100, currency: 'e', z: 1 }}   | ${'currency'} | ${'parameter_invalid'} | ${'no currency'}
    ${{ amount: 100, currency: 'eur', z: 1 }} | ${'z'}        | ${'parameter_unknown'} | ${'unknown to the twin'}
  `('refuses parameters as Stripe does: $why', async ({ input, param, code }) => {
    const { stripe } = openTwin()
    const call = stripe.rawRequest('POST', '/v1/payment_intents', input)
    expect(await failureOf(call)).toMatchObject({ statusCode: 400, param, code })
  })

  test('expands ids, lists and includable fields, and refuses what cannot be expanded', async () => {
    const { stripe } = openTwin()
    const { id: customer } = await stripe.customers.create({ name: 'Ada' })
    const method = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    const intent = await stripe.paymentIntents.create({
      amount: 1000,
      currency: 'usd',
      customer,
      payment_method: method.id,
      confirm: true,
      expand: ['latest_charge.balance_transaction', 'customer'],
    })
    expect(intent).toMatchObject({
      customer: { name: 'Ada' },
      latest_charge: { object: 'charge', balance_transaction: { amount: 1000, fee: 59, net: 941 } },
    })
    const charges = await stripe.charges.list({ expand: ['data.customer', 'data.refunds'] })
    expect(charges.data[0]).toMatchObject({ customer: { name: 'Ada' }, refunds: { data: [] } })
    const wrong = stripe.customers.retrieve(customer, { expand: ['nonsense'] })
    expect(await failureOf(wrong)).toMatchObject({ statusCode: 400, param: 'expand' })
    const deep = stripe.customers.retrieve(customer, { expand: ['a.b.c.d.e'] })
    expect((await failureOf(deep)).message).toContain('more than 4 levels')
  })
})

describe('lists', () => {
  test('are paged newest first, both ways, without gap or overlap', async () => {
    const { stripe } = openTwin()
    const made: string[] = []
    for (let n = 0; n < 7; n += 1) made.unshift((await stripe.customers.create({})).id)
    const all: string[] = []
    for await (const { id } of stripe.customers.list({ limit: 3 })) all.push(id)
    expect(all).toEqual(made)
    const [second = '', fifth = ''] = [made[1], made[4]]
    const after = await stripe.customers.list({ limit: 2, starting_after: second })
    expect([after.data.map(({ id }) => id), after.has_more]).toEqual([made.slice(2, 4), true])
    const before = await stripe.customers.list({ limit: 2, ending_before: fifth })
    expect([before.data.map(({ id }) => id), before.has_more]).toEqual([made.slice(2, 4), true])
    const first = await stripe.customers.list({ limit: 2, ending_before: made[2] ?? '' })
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([made.slice(0, 2), false])
  })

  test('refuse a cursor that names nothing, and a limit over 100', async () => {
    const { stripe } = openTwin()
    const lost = await failureOf(stripe.customers.list({ starting_after: 'cus_gone' }))
    expect(lost).toMatchObject({ statusCode: 400, code: 'resource_missing' })
    expect(await failureOf(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
  })

  test('are filtered by time of creation', async () => {
    const { stripe, after } = openTwin()
    const old = await stripe.customers.create({})
    await after(60)
    const young = await stripe.customers.create({})
    const since = await stripe.customers.list({ created: { gt: old.created } })
    expect(since.data.map(({ id }) => id)).toEqual([young.id])
    const until = await stripe.customers.list({ created: { lte: old.created } })
    expect(until.data.map(({ id }) => id)).toEqual([old.id])
  })
})

describe('the twin', () => {
  async function story(storage = memoryStorage(), restart = false) {
    let sandbox = openTwin({ storage })
    await sandbox.stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey: 'one' })
    await failureOf(sandbox.stripe.customers.retrieve('cus_none'))
    const at = sandbox.now()
    if (restart) sandbox = openTwin({ storage, at })
    const intent = await sandbox.stripe.paymentIntents.create(
      { amount: 700, currency: 'usd', payment_method: 'pm_card_createDispute', confirm: true },
      { idempotencyKey: 'two' },
    )
    if (restart) sandbox = openTwin({ storage, at })
    await sandbox.after(3600)
    return { sandbox, intent, storage }
  }

  test('gives the same world for the same seed, requests and times', async () => {
    const [one, other] = [await story(), await story()]
    expect([...one.storage.kept]).toEqual([...other.storage.kept])
    const bodies = (posts: readonly { body: string }[]) => posts.map(({ body }) => body)
    expect(bodies(one.sandbox.posts)).toEqual(bodies(other.sandbox.posts))
  })

  test('goes on after a restart as if there had been none: objects, ids, jobs, keys, webhooks', async () => {
    const [steady, restarted] = [await story(), await story(memoryStorage(), true)]
    const contents = (kept: Map<string, string>) => Object.fromEntries(kept)
    expect(contents(restarted.storage.kept)).toEqual(contents(steady.storage.kept))
    const { stripe } = restarted.sandbox
    const [dispute] = (await stripe.disputes.list()).data
    expect(dispute?.payment_intent).toBe(restarted.intent.id)
    const again = await stripe.customers.create(
      { email: 'a@example.com' },
      { idempotencyKey: 'one' },
    )
    expect(headerOf(again, 'idempotent-replayed')).toBe('true')
    expect((await stripe.customers.list()).data).toHaveLength(1)
  })

  test('gives other ids to another seed', async () => {
    const [one, other] = [openTwin(), openTwin({ seed: 'other' })]
    const [a, b] = [await one.stripe.customers.create({}), await other.stripe.customers.create({})]
    expect(a.id).not.toBe(b.id)
    expect(one.twin.accountId).not.toBe(other.twin.accountId)
  })

  test('keeps nothing of a request that failed half way', async () => {
    const { stripe, eventTypes } = openTwin()
    const call = stripe.customers.create({
      email: 'a@example.com',
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_none' },
    })
    expect(await failureOf(call)).toMatchObject({ code: 'resource_missing' })
    expect((await stripe.customers.list()).data).toEqual([])
    expect((await stripe.paymentMethods.list()).data).toEqual([])
    expect(await eventTypes()).toEqual([])
  })

  test('started, it runs what the clock makes due without being asked', async () => {
    const land = letTimeFly()
    const { twin, stripe, posts } = openTwin()
    twin.start()
    await stripe.customers.create({})
    await until(() => posts.length === 1)
    await twin.stop()
    await land()
    await stripe.customers.create({})
    expect(twin.nextJobAt()).not.toBeNull()
    await twin.runDue()
    expect(twin.nextJobAt()).toBeNull()
  })
})
