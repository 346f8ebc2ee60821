import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Hono } from 'hono'
import { defaultHttpLimits } from '../http/limits.ts'
import { listen, type FetchApp } from '../http/serve.ts'
import { createEntitlementCache } from '../http/v1/entitlement-cache.ts'
import { keyOf } from '../test/harness/process.ts'
import type { ActorRef } from '../values/ids.ts'
import type { Home } from './homes.ts'
import { createFigures, pump, timed } from './measure.ts'
import type { Part } from './part.ts'
import { composeBench, undelivered } from './platform.ts'
import { printTable, printTitle, ratio, whole } from './print.ts'
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

/** So many answers come between two looks at the CPU that was used. */
const lookEvery = 256

/** Answers a second, and the CPU of this process, the server's, for each, once it is under way. */
async function served(app: FetchApp, path: string) {
  let answers = 0
  let [from, to] = [
    { cpuUs: 0, ms: 0 },
    { cpuUs: 0, ms: 0 },
  ]
  const look = () => {
    const { user, system } = process.cpuUsage()
    to = { cpuUs: user + system, ms: performance.now() }
    if (answers <= lookEvery) from = to
  }
  const counted: FetchApp = {
    fetch(...asked) {
      answers += 1
      if (answers % lookEvery === 0) look()
      return app.fetch(...asked)
    },
  }
  const server = await listen(counted, { host: '127.0.0.1', port: 0 })
  const reader = fileURLToPath(new URL('./reader.js', import.meta.url))
  const { port } = new URL(server.url)
  const options = [port, path, keyOf.service, String(connections), String(seconds)]
  await promisify(execFile)(process.execPath, [reader, ...options])
  await server.close(1_000)
  const count = Math.floor(answers / lookEvery - 1) * lookEvery
  return { perSecond: (count * 1_000) / (to.ms - from.ms), cpuUs: (to.cpuUs - from.cpuUs) / count }
}

/** A thousand accounts, and routes that answer their bytes. */
async function openRoutes(home: Home) {
  const quiet = undelivered(home.store)
  const { app, runtime } = composeBench({
    ...quiet,
    clock: { now: () => beginsAt },
    fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')),
  })
  let body = ''
  // What a route costs that does nothing, behind what all our routes stand behind.
  app.get('/constant/:account', (c) => c.body(body, 200, { 'Content-Type': 'application/json' }))
  const all = Array.from({ length: accounts }, (_, n) => n)
  await pump(all, 64, async (n) => {
    for (const envelope of subscriber(n)) await runtime.tell(envelope)
  })
  const answer = await app.request('/v1/entitlements/acct_reader_1', { headers })
  body = await answer.text()
  if (answer.status !== 200) throw new Error(`entitlements were answered ${answer.status}`)
  // A route that answers the same bytes to everybody, and does nothing else.
  const constant = new Hono().get('/v1/entitlements/:account', (c) =>
    c.body(body, 200, { 'Content-Type': 'application/json' }),
  )
  const cache = createEntitlementCache(
    { runtime, store: quiet.store, limits: defaultHttpLimits },
    () => performance.now(),
  )
  return { app, runtime, constant, cache }
}

async function measure(home: Home, rounds: number): Promise<void> {
  const { app, runtime, constant, cache } = await openRoutes(home)
  const figures = createFigures()
  for (let round = 0; round <= rounds; round += 1) {
    const bare = await served(constant, '/v1/entitlements/acct_reader_*')
    const behind = await served(app, '/constant/acct_reader_*')
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
    for (const [name, { perSecond, cpuUs }] of Object.entries({ bare, behind, ours })) {
      figures.add(name, perSecond)
      figures.add(`${name} cpu`, cpuUs)
      figures.add(`${name} ratio`, ours.perSecond / perSecond)
      figures.add(`${name} cpu ratio`, cpuUs / ours.cpuUs)
    }
    figures.add('memory', 200_000_000 / memory.ms)
  }
  cache.close()
  await runtime.stop()
  printTitle(`entitlements over HTTP: ${whole(accounts)} accounts, ${connections} connections`)
  const row = (what: string, name: string) => [
    what,
    whole(figures.median(name)),
    figures.median(`${name} cpu`).toFixed(1),
    ratio(figures.median(`${name} ratio`)),
    ratio(figures.median(`${name} cpu ratio`)),
  ]
  printTable(
    ['route', 'answers a second', 'CPU µs each', 'ours of it, by rate', 'by CPU'],
    [
      row('a constant, nothing else', 'bare'),
      row('a constant behind our middleware', 'behind'),
      row('entitlements', 'ours'),
      ['entitlements in the process', whole(figures.median('memory')), '', '', ''],
    ],
  )
}

export const reads: Part = {
  name: 'reads',
  about: 'how often a service can ask what an account may use, of a route that answers a constant',
  run: ({ withHome, options }) => withHome('embedded', (home) => measure(home, options.rounds)),
}
