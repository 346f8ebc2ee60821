import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'

// Webhooks at a rate that does not wait for answers, then quiet: what is turned away is sent again,
// as a provider does. Fails if anything accepted was lost, if reads suffered, or if latency is not
// back within ten seconds.

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    accounts: { type: 'string', default: '50' },
    port: { type: 'string', default: '4790' },
  },
})
const [rate, seconds, accounts] = [values.rate, values.seconds, values.accounts].map(Number)
const port = Number(values.port)
const url = `http://127.0.0.1:${port}`

const Sandbox = z.object({
  keys: z.object({ admin: z.string(), dashboard: z.string() }),
  stripeSecretKey: z.string(),
  stripeWebhookSecret: z.string(),
})
const Customers = z.object({ data: z.array(z.looseObject({ id: z.string() })) })

interface Sample {
  readonly atMs: number
  readonly tookMs: number
  readonly status: number
}

function percentile(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

async function timed(samples: Sample[], request: () => Promise<Response>): Promise<Response> {
  const atMs = performance.now()
  const response = await request()
  samples.push({ atMs, tookMs: performance.now() - atMs, status: response.status })
  return response
}

async function start(folder: string): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../cli/main.js', import.meta.url))
  const env = { ...process.env, PORT: String(port), TENURE_DATA: folder, LOG_LEVEL: 'error' }
  const server = spawn(process.execPath, [main, 'serve'], { env, stdio: 'ignore' })
  for (;;) {
    const ready = await fetch(`${url}/readyz`).catch(() => null)
    if (ready?.ok) return server
    if (server.exitCode !== null) throw new Error('the server did not start')
    await pause(200)
  }
}

async function run(folder: string): Promise<boolean> {
  const sandbox = Sandbox.parse(JSON.parse(await readFile(join(folder, 'sandbox.json'), 'utf8')))
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  for (let n = 0; n < (accounts ?? 0); n += 1) {
    await fetch(`${url}/v1/accounts`, {
      method: 'POST',
      headers: { ...bearer(sandbox.keys.dashboard), 'content-type': 'application/json' },
      body: JSON.stringify({ email: `a${n}@example.com`, name: `A ${n}`, currency: 'usd' }),
    })
  }
  await pause(2_000)
  const listed = await fetch(`http://127.0.0.1:${port + 1}/v1/customers?limit=100`, {
    headers: bearer(sandbox.stripeSecretKey),
  })
  const customers = Customers.parse(await listed.json()).data

  const webhooks: Sample[] = []
  const reads: Sample[] = []
  const accepted: string[] = []
  let again = 0
  let failed = 0

  async function post(n: number, id: string): Promise<void> {
    const created = Math.floor(Date.now() / 1000)
    const object = customers[n % customers.length]
    const body = JSON.stringify({
      id,
      object: 'event',
      api_version: '2026-10-28.endive',
      created,
      livemode: false,
      type: 'customer.updated',
      data: { object },
    })
    const mac = createHmac('sha256', sandbox.stripeWebhookSecret)
    const signature = `t=${created},v1=${mac.update(`${created}.${body}`).digest('hex')}`
    const headers = { 'stripe-signature': signature }
    const answer = await timed(webhooks, () =>
      fetch(`${url}/webhooks/stripe`, { method: 'POST', headers, body }),
    ).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.status === 200) {
      accepted.push(id)
      return
    }
    again += 1
    await pause(1000 * Number(answer?.headers.get('retry-after') ?? 1))
    await post(n, id)
  }

  async function read(): Promise<void> {
    const headers = bearer(sandbox.keys.dashboard)
    const answer = await timed(reads, () => fetch(`${url}/v1/plans`, { headers })).catch(() => null)
    if (answer === null) failed += 1
    await answer?.arrayBuffer()
  }

  /** As many a second, whether or not those before are answered. */
  async function drive(perSecond: number, forSeconds: number, work: (n: number) => Promise<void>) {
    const all: Promise<void>[] = []
    const beganMs = performance.now()
    for (let n = 0; n < perSecond * forSeconds; n += 1) {
      const dueMs = beganMs + (1000 * n) / perSecond
      const waitMs = dueMs - performance.now()
      if (waitMs > 1) await pause(waitMs)
      all.push(work(n))
    }
    return all
  }

  await Promise.all(await drive(20, 5, (n) => post(n, `evt_${randomUUID().replaceAll('-', '')}`)))
  const calm = percentile(webhooks.splice(0), 0.99)
  const [sent] = await Promise.all([
    drive(rate ?? 0, seconds ?? 0, (n) => post(n, `evt_${randomUUID().replaceAll('-', '')}`)),
    drive(20, seconds ?? 0, read),
  ])
  const peakEndMs = performance.now()
  const peak = webhooks.splice(0)
  // Quiet: a few a second, until they take no longer than before.
  let backMs = Number.POSITIVE_INFINITY
  for (let second = 0; second < 30 && !Number.isFinite(backMs); second += 1) {
    webhooks.splice(0)
    await Promise.all(await drive(10, 1, (n) => post(n, `evt_${randomUUID().replaceAll('-', '')}`)))
    const fresh = webhooks.filter(({ status }) => status === 200)
    if (fresh.length >= 10 && percentile(fresh, 0.9) <= Math.max(100, 2 * calm)) {
      backMs = performance.now() - peakEndMs
    }
  }
  await Promise.all(sent)

  let lost = 0
  for (const id of accepted) {
    const found = await fetch(`${url}/admin/actors/event/${id}`, {
      headers: bearer(sandbox.keys.admin),
    })
    await found.arrayBuffer()
    if (found.status !== 200) lost += 1
  }
  const parked = await fetch(`${url}/admin/parked`, { headers: bearer(sandbox.keys.admin) })
  const stuck = z.object({ data: z.array(z.unknown()) }).parse(await parked.json()).data.length
  const ok = percentile(
    peak.filter(({ status }) => status === 200),
    0.99,
  )
  process.stdout.write(
    `${rate} webhooks a second for ${seconds} s over ${customers.length} customers\n` +
      `accepted ${accepted.length}, turned away and sent again ${again}, lost ${lost}, parked ${stuck}\n` +
      `webhooks p99: calm ${calm} ms, at the peak ${ok} ms; reads p99 at the peak ${percentile(reads, 0.99)} ms, ${failed} failed\n` +
      `latency back to normal ${Math.round(backMs / 100) / 10} s after the peak\n`,
  )
  return (
    lost === 0 && stuck === 0 && backMs < 10_000 && failed === 0 && percentile(reads, 0.99) < 1_000
  )
}

const folder = await mkdtemp(join(tmpdir(), 'tenure-load-'))
const server = await start(folder)
try {
  process.exitCode = (await run(folder)) ? 0 : 1
} finally {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
  await rm(folder, { recursive: true, force: true })
}
