import { setTimeout as pause } from 'node:timers/promises'
import { drive, percentile, type Sample, timed } from './driver.ts'
import { type LoadedServer, parkedAt } from './server.ts'
import { createSender, makeCustomers } from './webhooks.ts'

export interface WebhookLoad {
  /** Webhooks a second. */
  readonly rate: number
  readonly seconds: number
  readonly accounts: number
}

/**
 * Webhooks at a rate that does not wait for answers, then quiet: what is turned away is sent again,
 * as a provider does. False if anything accepted was lost, if reads suffered, or if latency is not
 * back within ten seconds.
 */
export async function runWebhooks(
  server: LoadedServer,
  { rate, seconds, accounts }: WebhookLoad,
): Promise<boolean> {
  const { keys } = server.secrets
  const headers = { authorization: `Bearer ${keys.dashboard}` }
  const sender = createSender(server, await makeCustomers(server, accounts))
  const send = () => sender.send()
  const reads: Sample[] = []
  const read = async () => {
    await timed(reads, () => fetch(`${server.url}/v1/plans`, { headers }))
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
  const parked = await parkedAt(server)
  const accepted = peak.filter(({ status }) => status === 200)
  const failed = reads.filter(({ status }) => status !== 200).length
  const readMs = percentile(reads, 0.99)
  process.stdout.write(
    `${rate} webhooks a second for ${seconds} s\n` +
      `accepted ${sender.accepted()}, sent again ${sender.again()}, ` +
      `lost ${lost}, parked ${parked}\n` +
      `webhooks p99: calm ${calm} ms, at the peak ${percentile(accepted, 0.99)} ms\n` +
      `reads p99 at the peak ${readMs} ms, failed ${failed}\n` +
      `latency back to normal ${Math.round(backMs / 100) / 10} s after the peak\n`,
  )
  return lost + parked + failed === 0 && backMs < 10_000 && readMs < 1_000
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
