import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { TcpProxy } from '../../test/harness/tcp-proxy.ts'
import { chargesAtStripe, notWhole, startCustomers } from './customers.ts'
import { parkedAt, type LoadedServer } from './server.ts'

export interface Outage {
  /** `away` cuts and refuses connections; `stalled` keeps them and reads nothing. */
  readonly kind: 'away' | 'stalled'
  readonly seconds: number
  readonly customers: number
}

const Ready = z.looseObject({ failing: z.array(z.string()).optional() })

/**
 * MongoDB is gone for a while under customers who buy. False if `/readyz` does not name the store
 * within 20 seconds, if a request waits for longer than 30, if the process is not well within ten
 * seconds after, or if a purchase that was acknowledged is not whole.
 */
export async function runOutage(
  server: LoadedServer,
  proxy: TcpProxy,
  { kind, seconds, customers: count }: Outage,
): Promise<boolean> {
  const customers = startCustomers(server, count)
  await pause(10_000)
  const before = customers.bought.length
  if (kind === 'away') proxy.leave()
  else proxy.stall()
  const beganMs = performance.now()
  const redMs = await waitFor(server, (answer) => answer.failing.includes('store'), seconds)
  await pause(Math.max(0, 1000 * seconds - (performance.now() - beganMs)))
  proxy.come()
  const greenMs = await waitFor(server, (answer) => answer.status === 200, 60)
  const during = customers.bought.length
  await pause(10_000)
  const after = customers.bought.length
  const leftMs = performance.now()
  await customers.leave()
  const leaveMs = performance.now() - leftMs

  const { broken, second } = await notWhole(server, customers.bought)
  const charges = await chargesAtStripe(server)
  const parked = await parkedAt(server)
  process.stdout.write(
    `MongoDB ${kind} for ${seconds} s under ${count} customers\n` +
      `/readyz red after ${Math.round(redMs)} ms, green ${Math.round(greenMs)} ms after the end\n` +
      `longest request ${customers.longestMs()} ms; ` +
      `what was begun was answered within ${Math.round(leaveMs / 1000)} s\n` +
      `purchases in the ten seconds before ${before}, in those after ${after - during}; ` +
      `in all ${customers.bought.length}, not whole ${broken.length} after ${second} s, ` +
      `charges ${charges}, parked ${parked}\n`,
  )
  const isWhole = broken.length + parked === 0 && charges === customers.bought.length
  return isWhole && redMs < 20_000 && greenMs < 10_000 && customers.longestMs() < 30_000
}

interface Readiness {
  readonly status: number
  readonly failing: readonly string[]
}

/** How long it took until `/readyz` answered so, in ms; infinite past so many seconds. */
async function waitFor(
  { url }: LoadedServer,
  isSo: (answer: Readiness) => boolean,
  seconds: number,
): Promise<number> {
  const beganMs = performance.now()
  while (performance.now() - beganMs < 1000 * seconds) {
    const answer = await fetch(`${url}/readyz`)
    const { failing = [] } = Ready.parse(await answer.json())
    if (isSo({ status: answer.status, failing })) return performance.now() - beganMs
    await pause(100)
  }
  return Number.POSITIVE_INFINITY
}
