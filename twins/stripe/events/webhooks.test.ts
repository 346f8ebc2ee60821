import { setImmediate } from 'node:timers/promises'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { msOf, secondsOf } from '../../../values/instant.ts'
import { worst } from '../../kernel/chaos.ts'
import { customerWith, failureOf, memoryStorage, openTwin, webhookSecret } from '../twin-fixture.ts'
import { postsAtOnce } from './pump.ts'
import { retrySeconds } from './webhooks.ts'

const day = 86_400

describe('a webhook', () => {
  test('is signed so that the SDK accepts it at the moment it is sent, and not with another secret', async () => {
    const { stripe, posts, twin, now } = openTwin()
    const customer = await stripe.customers.create({ email: 'ada@example.com' })
    await twin.runDue()
    const [post] = posts
    const at = secondsOf(now())
    const read = (secret: string, receivedAt: number) =>
      Stripe.webhooks.constructEvent(
        post?.body ?? '',
        post?.signature ?? '',
        secret,
        300,
        undefined,
        receivedAt * 1000,
      )
    const event = read(webhookSecret, at + 299)
    expect(event).toMatchObject({
      object: 'event',
      type: 'customer.created',
      api_version: Stripe.API_VERSION,
      created: at,
      livemode: false,
      pending_webhooks: 1,
      data: { object: { id: customer.id } },
    })
    expect(() => read('whsec_other', at)).toThrow(Stripe.errors.StripeSignatureVerificationError)
    expect(() => read(webhookSecret, at + 301)).toThrow(/tolerance/)
  })

  test('is told as delivered by pending_webhooks, in the log of events', async () => {
    const { stripe, twin } = openTwin()
    await stripe.customers.create({})
    expect((await stripe.events.list()).data[0]?.pending_webhooks).toBe(1)
    await twin.runDue()
    expect((await stripe.events.list()).data[0]?.pending_webhooks).toBe(0)
    expect((await stripe.events.list({ delivery_success: false })).data).toEqual([])
  })

  test('that is not answered 2xx is tried on the schedule for three days, each time signed again', async () => {
    const { stripe, posts, answerWith, to, now, twin } = openTwin()
    const start = msOf(now())
    answerWith(503)
    await stripe.customers.create({})
    await to(`2027-01-05T00:00:00.000Z`)
    const times = posts.map(({ at }) => (msOf(at) - start) / 1000)
    const due = retrySeconds.map((_, n) => retrySeconds.slice(0, n + 1).reduce((a, b) => a + b, 0))
    expect(times).toEqual([0, ...due])
    expect(times.at(-1)).toBe(3 * day)
    expect(new Set(posts.map(({ id }) => id)).size).toBe(1)
    expect(new Set(posts.map(({ signature }) => signature)).size).toBe(posts.length)
    const stamps = posts.map(({ signature }) => Number(/t=(\d+)/.exec(signature)?.[1]) * 1000)
    expect(stamps).toEqual(posts.map(({ at }) => msOf(at)))
    expect(twin.nextJobAt()).toBeNull()
  })

  test('is not tried again once it was answered 2xx', async () => {
    const { stripe, posts, answerWith, after } = openTwin()
    answerWith(500)
    await stripe.customers.create({})
    await after(60)
    answerWith(204)
    await after(10 * day)
    expect(posts).toHaveLength(2)
  })

  test('to an endpoint that is not there is tried like one that fails', async () => {
    let tries = 0
    const send = () => {
      tries += 1
      return Promise.reject(new Error('connect ECONNREFUSED'))
    }
    const webhook = { url: 'http://shop.test', secret: webhookSecret, send }
    const { stripe, after } = openTwin({ webhook })
    await stripe.customers.create({})
    await after(retrySeconds[0] ?? 0)
    expect(tries).toBe(2)
  })

  test('can be sent again by hand, beside its own tries', async () => {
    const { stripe, posts, twin } = openTwin()
    await stripe.customers.create({})
    await twin.runDue()
    expect(twin.resend(posts[0]?.id ?? '')).toBe(true)
    await twin.runDue()
    expect(posts.map(({ id }) => id)).toEqual([posts[0]?.id, posts[0]?.id])
    expect(twin.resend('evt_none')).toBe(false)
  })

  test('comes in the order of its event when nothing disturbs it', async () => {
    const { stripe, posts, twin, eventTypes } = openTwin()
    const { customer, method } = await customerWith(stripe, 'pm_card_visa')
    const pay = { amount: 900, currency: 'usd', customer, payment_method: method, confirm: true }
    await stripe.paymentIntents.create(pay)
    await twin.runDue()
    expect(posts.map(({ type }) => type)).toEqual(await eventTypes())
  })

  test('of a subscription also goes as a thin notification that leads to the object and its event', async () => {
    const { stripe, posts, twin, now } = openTwin({ thin: true })
    const { customer } = await customerWith(stripe, 'pm_card_visa')
    const price = await stripe.prices.create({
      currency: 'usd',
      unit_amount: 1000,
      recurring: { interval: 'month' },
      product_data: { name: 'Pro' },
    })
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id }],
    })
    await twin.runDue()
    expect(posts.some(({ type }) => type === 'v1.payment_method.attached')).toBe(false)
    const post = posts.find(({ type }) => type === 'v1.customer.subscription.created')
    const notification = stripe.parseEventNotification(
      post?.body ?? '',
      post?.signature ?? '',
      webhookSecret,
      300,
      undefined,
      msOf(now()),
    )
    expect(notification).toMatchObject({
      object: 'v2.core.event',
      related_object: {
        id: subscription.id,
        type: 'subscription',
        url: `/v1/subscriptions/${subscription.id}`,
      },
    })
    expect(post?.body).not.toContain('"status"')
    const related =
      notification.type === 'v1.customer.subscription.created'
        ? await notification.fetchRelatedObject()
        : null
    expect(related).toMatchObject({ id: subscription.id, status: 'active' })
    const event = await stripe.v2.core.events.retrieve(notification.id)
    expect(event.type).toBe('v1.customer.subscription.created')
    const listed = await stripe.v2.core.events.list({ object_id: subscription.id })
    expect(listed.data.map(({ id }) => id)).toContain(notification.id)
  })
})

/**
 * An endpoint that answers each post after as many turns of the event loop as `turns` says of it.
 */
function slowEndpoint(turns: (nth: number) => number) {
  const told: string[] = []
  let open = 0
  let openMax = 0
  const webhook = {
    url: 'http://shop.test',
    secret: webhookSecret,
    async send(_url: string, _headers: Readonly<Record<string, string>>, body: string) {
      open += 1
      openMax = Math.max(openMax, open)
      const nth = told.push(/"id": "(evt_\w+)"/.exec(body)?.[1] ?? '')
      for (let turn = 0; turn < turns(nth); turn += 1) await setImmediate()
      open -= 1
      return 200
    },
  }
  return { webhook, told, openMax: () => openMax }
}

describe('webhooks', () => {
  test('go many at once, and no more than are allowed', async () => {
    const { webhook, told, openMax } = slowEndpoint(() => 5)
    const { stripe, twin } = openTwin({ webhook })
    for (let n = 0; n < 3 * postsAtOnce; n += 1) await stripe.customers.create({})
    await twin.runDue()
    expect([told.length, openMax()]).toEqual([3 * postsAtOnce, postsAtOnce])
  })

  test('of one seed meet one weather, however long each answer takes', async () => {
    async function weather(turns: (nth: number) => number) {
      const { webhook, told } = slowEndpoint(turns)
      const { stripe, twin, after } = openTwin({ webhook })
      twin.chaos.set({ ...worst('storm'), delayMaxSeconds: 3 })
      for (let n = 0; n < 2 * postsAtOnce; n += 1) await stripe.customers.create({})
      await after(day)
      return told
    }
    const quick = await weather(() => 0)
    expect(await weather((nth) => 1 + (nth % 7))).toEqual(quick)
  })

  test('are not tried again while a try is unanswered, however far the clock leaps', async () => {
    const { webhook, told } = slowEndpoint(() => 5)
    const { stripe, twin, leap } = openTwin({ webhook })
    await stripe.customers.create({})
    leap(day)
    await twin.runDue()
    expect(told).toHaveLength(1)
  })

  test('leave nothing behind, answered or given up', async () => {
    for (const status of [200, 503]) {
      const storage = memoryStorage()
      const { stripe, answerWith, after } = openTwin({ storage })
      answerWith(status)
      await stripe.customers.create({})
      await after(4 * day)
      expect([...storage.kept.keys()].filter((key) => key.includes('delivery'))).toEqual([])
    }
  })
})

describe('the log of events', () => {
  test('keeps no event for longer than it is shown', async () => {
    const storage = memoryStorage()
    const { stripe, after } = openTwin({ storage })
    for (let month = 0; month < 12; month += 1) {
      await stripe.customers.create({})
      await after(31 * day)
    }
    const events = () => [...storage.kept.keys()].filter((key) => key.startsWith('object/event/'))
    expect(events().length).toBeLessThanOrEqual(1)
  })

  test('is filtered by type, by several types and by time', async () => {
    const { stripe, after, now } = openTwin()
    await customerWith(stripe, 'pm_card_visa')
    await after(100)
    const since = secondsOf(now())
    await stripe.products.create({ name: 'Pro' })
    const types = async (params: Stripe.EventListParams) =>
      (await stripe.events.list(params)).data.map(({ type }) => type)
    expect(await types({ type: 'customer.*' })).toEqual(['customer.updated', 'customer.created'])
    expect(await types({ types: ['product.created', 'customer.created'] })).toEqual([
      'product.created',
      'customer.created',
    ])
    expect(await types({ created: { gte: since } })).toEqual(['product.created'])
  })

  test('shows an event for 30 days, after which only its object can be read', async () => {
    const { stripe, after } = openTwin()
    const customer = await stripe.customers.create({})
    const [event] = (await stripe.events.list()).data
    await after(30 * day - 1)
    expect((await stripe.events.retrieve(event?.id ?? '')).type).toBe('customer.created')
    await after(1)
    expect(await failureOf(stripe.events.retrieve(event?.id ?? ''))).toMatchObject({
      statusCode: 404,
    })
    expect((await stripe.events.list()).data).toEqual([])
    expect((await stripe.customers.retrieve(customer.id)).id).toBe(customer.id)
  })
})
