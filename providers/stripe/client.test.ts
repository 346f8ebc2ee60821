import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { openStripe } from '../../test/harness/stripe-performer.ts'
import { apiVersion, createStripeClient } from './client.ts'
import { listEventsSince } from './events.ts'

describe('a call to Stripe', () => {
  test('goes to the address that was given, in the one version, and tells nothing of ours', async () => {
    const seen: Request[] = []
    const stripe = createStripeClient({
      secretKey: 'sk_test_1',
      apiBase: 'http://127.0.0.1:4610',
      timeoutMs: 1000,
      maxNetworkRetries: 0,
      fetch: async (input, init) => {
        seen.push(new Request(input, init))
        return Response.json({ id: 'cus_1', object: 'customer' })
      },
    })
    await stripe.customers.retrieve('cus_1')
    await stripe.customers.retrieve('cus_1')
    expect(seen.map(({ url }) => url)).toStrictEqual(
      Array(2).fill('http://127.0.0.1:4610/v1/customers/cus_1'),
    )
    expect(seen[1]?.headers.get('stripe-version')).toBe(apiVersion)
    expect(seen[1]?.headers.has('x-stripe-client-telemetry')).toBe(false)
  })

  test('over a real connection is dated by the answer, as without one', async () => {
    const server = createServer((_request, response) => {
      response.setHeader('Date', 'Sun, 31 Jan 2027 12:00:02 GMT')
      response.end('{"id":"cus_1","object":"customer"}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : null
    const stripe = createStripeClient({
      secretKey: 'sk_test_1',
      apiBase: `http://127.0.0.1:${port}`,
      timeoutMs: 5000,
      maxNetworkRetries: 0,
    })
    const { performer, claim } = openStripe({ stripe })
    const request = { kind: 'object.read', provider: 'stripe', object: 'customer' } as const
    const read = claim({ ...request, objectId: 'cus_1', coalesce: 'customer' })
    const results = await performer.perform(read, '2027-01-31T12:00:09.000Z')
    expect(results).toMatchObject([{ occurredAt: '2027-01-31T12:00:02.000Z' }])
    server.closeAllConnections()
    server.close()
  })

  test('is refused an address that is none', () => {
    const options = { secretKey: 'sk', timeoutMs: 1, maxNetworkRetries: 0 }
    expect(() => createStripeClient({ ...options, apiBase: 'not a URL' })).toThrow(TypeError)
  })
})

test('the events since a time are listed page by page, and none is left out', async () => {
  const world = openStripe()
  await world.stripe.customers.create({})
  world.pass(60_000)
  const since = world.now()
  for (let i = 0; i < 5; i += 1) await world.stripe.customers.create({})
  const found: unknown[] = []
  let cursor: string | null = null
  do {
    const page = await listEventsSince(world.stripe, since, { cursor, limit: 2 })
    found.push(...page.items)
    ;({ cursor } = page)
  } while (cursor !== null)
  expect(found).toHaveLength(5)
  expect(found[0]).toMatchObject({ object: 'event', type: 'customer.created' })
})
