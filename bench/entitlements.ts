import { Agent, get } from 'node:http'
import type { Envelope } from '../actors/envelope.ts'
import { defaultHttpLimits } from '../http/limits.ts'
import { listen } from '../http/serve.ts'
import { createEntitlementCache } from '../http/v1/entitlement-cache.ts'
import { keyOf } from '../test/harness/process.ts'
import type { ActorRef } from '../values/ids.ts'
import type { Home } from './homes.ts'
import { createFigures, perSecond, printTable, printTitle, pump, whole } from './measure.ts'
import { composeBench } from './platform.ts'
import { beginsAt, proTerms } from './workloads.ts'

const accounts = 1_000

function told(id: string, to: ActorRef, event: Envelope['event']): Envelope {
  return {
    id,
    to,
    event,
    source: 'actor',
    occurredAt: beginsAt,
    receivedAt: beginsAt,
    causationId: null,
    correlationId: id,
    principal: 'system',
  }
}

/** An account that has one active subscription, as its own journal would have it. */
function subscriber(n: number): Envelope[] {
  const account: ActorRef = `account/acct_reader_${n}`
  return [
    told('created', account, {
      type: 'account.create',
      email: `reader${n}@example.com`,
      name: null,
      currency: 'usd',
      provider: 'stripe',
    }),
    told('subscribed', account, {
      type: 'subscription.changed',
      version: 1,
      subscription: `subscription/sub_reader_${n}`,
      collector: 'provider',
      status: 'active',
      terms: proTerms,
      quantity: 1,
      period: null,
      cancelAt: null,
    }),
  ]
}

export interface ReadsOptions {
  readonly home: Home
  readonly rounds: number
}

/** How often per second a service can ask what an account may use. */
export async function measureReads({ home, rounds }: ReadsOptions): Promise<void> {
  const store = { ...home.store, claim: () => Promise.resolve([]) }
  const { app, runtime } = composeBench({
    store,
    clock: { now: () => beginsAt },
    fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')),
  })
  for (let n = 0; n < accounts; n += 1) {
    for (const envelope of subscriber(n)) await runtime.tell(envelope)
  }
  const cache = createEntitlementCache({ runtime, store, limits: defaultHttpLimits }, () =>
    performance.now(),
  )
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  // One for each run: the server closes connections that were idle for some seconds.
  let agent = new Agent()
  const headers = { authorization: `Bearer ${keyOf.service}` }
  const path = (n: number) => `/v1/entitlements/acct_reader_${n % accounts}`

  const ways = {
    'in process': [
      200_000,
      1,
      async (n: number) => void (await cache.read(`acct_reader_${n % accounts}`)),
    ],
    'the route, without a socket': [
      10_000,
      32,
      async (n: number) => expectOk((await app.request(path(n), { headers })).status),
    ],
    'HTTP on loopback, 32 connections': [
      10_000,
      32,
      async (n: number) => expectOk(await statusOf(`${server.url}${path(n)}`)),
    ],
    'HTTP on loopback, one after the other': [
      4_000,
      1,
      async (n: number) => expectOk(await statusOf(`${server.url}${path(n)}`)),
    ],
  } as const satisfies Record<string, readonly [number, number, (n: number) => Promise<void>]>

  function statusOf(url: string): Promise<number> {
    return new Promise((resolve, reject) => {
      get(url, { agent, headers }, (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      }).on('error', reject)
    })
  }

  const figures = createFigures()
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, [count, inFlight, read]] of Object.entries(ways)) {
      const numbers = Array.from({ length: count }, (_, n) => n)
      agent = new Agent({ keepAlive: true, maxSockets: 32 })
      const rate = await perSecond(count, () => pump(numbers, inFlight, read))
      agent.destroy()
      if (round > 0) figures.add(name, rate)
    }
  }
  await server.close(1_000)
  cache.close()
  await runtime.stop()
  printTitle(
    `entitlements read, per second: ${whole(accounts)} accounts, medians of ${rounds} rounds`,
  )
  printTable(
    ['way', 'reads', 'lowest–highest', 'µs a read'],
    Object.entries(ways).map(([name, [, inFlight]]) => {
      const rate = figures.median(name)
      const each = inFlight === 1 ? (1_000_000 / rate).toFixed(1) : ''
      return [name, whole(rate), figures.spread(name), each]
    }),
  )
}

function expectOk(status: number): void {
  if (status !== 200) throw new Error(`entitlements were answered ${status}`)
}
