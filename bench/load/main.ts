import { parseArgs } from 'node:util'
import { openTcpProxy, type TcpProxy } from '../../test/harness/tcp-proxy.ts'
import { databaseOf } from './database.ts'
import { runKills } from './kills.ts'
import { runOutage } from './outage.ts'
import { type LoadedServer, startServer } from './server.ts'
import { runWebhooks } from './webhook-load.ts'

// `tenure serve` as a process of its own, under what a day in production can bring. The embedded
// file is used, or a database of its own where MONGODB_URI is set.

const usage = `npm run load -- [webhooks|kills|away|stalled] [options]

webhooks  webhooks at a rate that waits for no answer, then quiet   --rate 200 --accounts 50
kills     kill -9 again and again while customers buy               --every 1
away      MongoDB (MONGODB_URI) refuses connections while customers buy
stalled   MongoDB (MONGODB_URI) keeps its connections and reads nothing

--seconds 60  --customers 8  --port 4790
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    accounts: { type: 'string', default: '50' },
    customers: { type: 'string', default: '8' },
    every: { type: 'string', default: '1' },
    port: { type: 'string', default: '4790' },
  },
})
const what = positionals[0] ?? 'webhooks'
const [seconds, customers] = [Number(values.seconds), Number(values.customers)]

async function run(server: LoadedServer, proxy: TcpProxy | null): Promise<boolean> {
  if (what === 'webhooks') {
    const { rate, accounts } = values
    return runWebhooks(server, { rate: Number(rate), seconds, accounts: Number(accounts) })
  }
  if (what === 'kills')
    return runKills(server, { everySeconds: Number(values.every), seconds, customers })
  if ((what === 'away' || what === 'stalled') && proxy !== null)
    return runOutage(server, proxy, { kind: what, seconds, customers })
  process.stderr.write(usage)
  return false
}

const database = databaseOf(process.env['MONGODB_URI'] ?? '')
const isOutage = what === 'away' || what === 'stalled'
const proxy = isOutage && database !== null ? await openTcpProxy(database.server) : null
const uri = proxy === null ? database?.uri : database?.through(proxy.port)
const server = await startServer(Number(values.port), uri ?? null)
try {
  process.exitCode = (await run(server, proxy)) ? 0 : 1
} finally {
  const { exitCode, tookMs } = await server.stop()
  process.stdout.write(`stopped with exit code ${exitCode} in ${Math.round(tookMs)} ms\n`)
  await proxy?.close()
  await database?.drop()
}
