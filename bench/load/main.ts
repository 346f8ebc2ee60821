import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { drive, percentile, type Sample, timed } from './driver.ts'
import { type LoadedServer, startServer } from './server.ts'
import { createSender, makeCustomers } from './webhooks.ts'

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
const [rate, seconds] = [Number(values.rate), Number(values.seconds)]

async function run(server: LoadedServer): Promise<boolean> {
  const { keys } = server.secrets
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
  const sender = createSender(server, await makeCustomers(server, Number(values.accounts)))
  const send = () => sender.send()
  const reads: Sample[] = []
  const read = async () => {
    await timed(reads, () => fetch(`${server.url}/v1/plans`, bearer(keys.dashboard)))
  }

  await Promise.all(await drive(20, 5, send))
  const calm = percentile(sender.take(), 0.99)
  const [sent] = await Promise.all([drive(rate, seconds, send), drive(20, seconds, read)])
  const peakEndMs = performance.now()
  const peak = sender.take()
  let backMs = Number.POSITIVE_INFINITY
  for (let second = 0; second < 30 && !Number.isFinite(backMs); second += 1) {
    sender.take()
    await Promise.all(await drive(10, 1, send))
    const fresh = sender.take().filter(({ status }) => status === 200)
    const isBack = fresh.length >= 10 && percentile(fresh, 0.9) <= Math.max(100, 2 * calm)
    if (isBack) backMs = performance.now() - peakEndMs
  }
  await Promise.all(sent)

  const lost = sender.accepted() - (await toldOf(server, sender.accepted()))
  const parked = await fetch(`${server.url}/admin/parked`, bearer(keys.admin))
  const stuck = z.object({ data: z.array(z.unknown()) }).parse(await parked.json()).data.length
  const accepted = peak.filter(({ status }) => status === 200)
  const failed = reads.filter(({ status }) => status !== 200).length
  const readMs = percentile(reads, 0.99)
  process.stdout.write(
    `${rate} webhooks a second for ${seconds} s\n` +
      `accepted ${sender.accepted()}, sent again ${sender.again()}, ` +
      `lost ${lost}, parked ${stuck}\n` +
      `webhooks p99: calm ${calm} ms, at the peak ${percentile(accepted, 0.99)} ms\n` +
      `reads p99 at the peak ${readMs} ms, failed ${failed}\n` +
      `latency back to normal ${Math.round(backMs / 100) / 10} s after the peak\n`,
  )
  return lost + stuck + failed === 0 && backMs < 10_000 && readMs < 1_000
}

/** How many webhooks have come to an end, once there are `all` or a minute has passed. */
async function toldOf({ url }: LoadedServer, all: number): Promise<number> {
  for (let second = 1; ; second += 1) {
    const text = await (await fetch(`${url}/metrics`)).text()
    const counts = [...text.matchAll(/^tenure_events_total\{.*\} (\d+)$/gm)]
    const told = counts.reduce((sum, [, count]) => sum + Number(count), 0)
    if (told >= all || second === 60) return Math.min(told, all)
    await pause(1_000)
  }
}

const server = await startServer(Number(values.port))
try {
  process.exitCode = (await run(server)) ? 0 : 1
} finally {
  await server.stop()
}
