import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Hono } from 'hono'
import { listen, type Served } from '../http/serve.ts'
import { createEntitlementCache } from '../http/v1/entitlement-cache.ts'
import { defaultHttpLimits } from '../http/limits.ts'
import { keyOf } from '../test/harness/process.ts'
import type { ActorRef } from '../values/ids.ts'
import type { Home } from './homes.ts'
import { createFigures, printTable, printTitle, pump, ratio, timed, whole } from './measure.ts'
import type { Part } from './part.ts'
import { composeBench } from './platform.ts'
import { beginsAt, enveloped, proTerms } from './workloads.ts'

const accounts = 1_000
const connections = 32
const seconds = 2
const headers = { authorization: `Bearer ${keyOf.service}` }

/** An account that has one active subscription, as its own journal would have it. */
function subscriber(n: number) {
  const account: ActorRef = `account/acct_reader_${n}`
  const created = { email: `r${n}@example.com`, name: null, currency: 'usd', provider: 'stripe' }
  return [
    enveloped(account, 1, { type: 'account.create', ...created }),
    enveloped(account, 2, {
      type: 'subscription.changed',
      version: 1,
      subscription: `subscription/sub_reader_${n}`,
      collector: 'provider',
      status: 'active',
      terms: proTerms,
      quantity: 1,
      cancelAt: null,
    }),
  ]
}

/** Answers a second, and the CPU of this process, the server's, for each. */
async function served(app: Served, path: string) {
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  const reader = fileURLToPath(new URL('./reader.js', import.meta.url))
  const { port } = new URL(server.url)
  const options = [port, path, keyOf.service, String(connections), String(seconds)]
  let answers = 0
  const took = await timed(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [reader, ...options])
    answers = Number(stdout)
  })
  await server.close(1_000)
  return { perSecond: answers / seconds, cpuUs: (took.cpuMs * 1_000) / answers }
}

async function measure(home: Home, rounds: number): Promise<void> {
  const store = { ...home.store, claim: () => Promise.resolve([]) }
  const { app, runtime } = composeBench({
    store,
    clock: { now: () => beginsAt },
    fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')),
  })
  const all = Array.from({ length: accounts }, (_, n) => n)
  await pump(all, 64, async (n) => {
    for (const envelope of subscriber(n)) await runtime.tell(envelope)
  })
  const answer = await app.request('/v1/entitlements/acct_reader_1', { headers })
  const body = await answer.text()
  if (answer.status !== 200) throw new Error(`entitlements were answered ${answer.status}`)
  // A route that answers the same bytes to everybody, and does nothing else.
  const constant = new Hono().get('/v1/entitlements/:account', (c) =>
    c.body(body, 200, { 'Content-Type': 'application/json' }),
  )
  const cache = createEntitlementCache({ runtime, store, limits: defaultHttpLimits }, () =>
    performance.now(),
  )
  const figures = createFigures()
  for (let round = 0; round <= rounds; round += 1) {
    const bare = await served(constant, '/v1/entitlements/acct_reader_*')
    const ours = await served(app, '/v1/entitlements/acct_reader_*')
    const memory = await timed(() =>
      pump(
        Array.from({ length: 200_000 }, (_, n) => n),
        1,
        async (n) => {
          await cache.read(`acct_reader_${n % accounts}`)
        },
      ),
    )
    if (round === 0) continue
    figures.add('bare', bare.perSecond)
    figures.add('ours', ours.perSecond)
    figures.add('bare cpu', bare.cpuUs)
    figures.add('ours cpu', ours.cpuUs)
    figures.add('ratio', ours.perSecond / bare.perSecond)
    figures.add('cpu ratio', bare.cpuUs / ours.cpuUs)
    figures.add('memory', 200_000_000 / memory.ms)
  }
  cache.close()
  await runtime.stop()
  printTitle(`entitlements over HTTP: ${whole(accounts)} accounts, ${connections} connections`)
  const us = (name: string) => figures.median(name).toFixed(1)
  printTable(
    ['route', 'answers a second', 'CPU µs each', 'of a constant, by CPU', 'by rate'],
    [
      ['a constant', whole(figures.median('bare')), us('bare cpu'), '', ''],
      [
        'entitlements',
        whole(figures.median('ours')),
        us('ours cpu'),
        ratio(figures.median('cpu ratio')),
        ratio(figures.median('ratio')),
      ],
      ['in the process', whole(figures.median('memory')), '', '', ''],
    ],
  )
}

export const reads: Part = {
  name: 'reads',
  about: 'how often a service can ask what an account may use, of a route that answers a constant',
  run: ({ withHome, options }) => withHome('embedded', (home) => measure(home, options.rounds)),
}
