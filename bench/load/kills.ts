import { setTimeout as pause } from 'node:timers/promises'
import { chargesAtStripe, notWhole, startCustomers } from './customers.ts'
import { parkedAt, type LoadedServer } from './server.ts'

export interface Kills {
  /** How long the process lives, once it is ready, in seconds. */
  readonly everySeconds: number
  readonly seconds: number
  readonly customers: number
}

/**
 * `kill -9` again and again while customers buy. False if a purchase that was acknowledged is not
 * whole afterwards, if anything is parked, or if Stripe was charged more or less often than bought.
 */
export async function runKills(
  server: LoadedServer,
  { everySeconds, seconds, customers: count }: Kills,
): Promise<boolean> {
  const customers = startCustomers(server, count)
  const endMs = performance.now() + 1000 * seconds
  let kills = 0
  let slowestMs = 0
  while (performance.now() < endMs) {
    await pause(1000 * everySeconds)
    await server.kill()
    kills += 1
    const { readyMs } = await server.restart()
    slowestMs = Math.max(slowestMs, readyMs)
  }
  const underKills = customers.bought.length
  await customers.leave()

  const { bought } = customers
  const { broken, second } = await notWhole(server, bought)
  const charges = await chargesAtStripe(server)
  const parked = await parkedAt(server)
  process.stdout.write(
    `kill -9 ${kills} times in ${seconds} s under ${count} customers\n` +
      `ready again in at most ${Math.round(slowestMs)} ms\n` +
      `purchases acknowledged ${bought.length} (${underKills} of them between kills), ` +
      `not whole ${broken.length} after ${second} s, charges ${charges}, parked ${parked}\n`,
  )
  for (const { subscription } of broken) process.stdout.write(`not whole: ${subscription}\n`)
  return bought.length > 0 && broken.length + parked === 0 && charges === bought.length
}
