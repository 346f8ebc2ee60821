import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { systemClock } from '../../scheduler/clock.ts'
import { secondsOf } from '../../values/instant.ts'
import { type Sample, timed } from './driver.ts'
import type { LoadedServer } from './server.ts'

const Customers = z.object({ data: z.array(z.looseObject({ id: z.string() })) })

/** Accounts of ours, and their customers as the simulated Stripe has them. */
export async function makeCustomers(server: LoadedServer, accounts: number) {
  const { keys, stripeSecretKey } = server.secrets
  for (let n = 0; n < accounts; n += 1) {
    await fetch(`${server.url}/v1/accounts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.dashboard}`, 'content-type': 'application/json' },
      body: JSON.stringify({ email: `a${n}@example.com`, name: `A ${n}`, currency: 'usd' }),
    })
  }
  for (;;) {
    const listed = await fetch(`${server.stripeUrl}/v1/customers?limit=100`, {
      headers: { authorization: `Bearer ${stripeSecretKey}` },
    })
    const { data } = Customers.parse(await listed.json())
    if (data.length >= Math.min(accounts, 100)) return data
    await pause(200)
  }
}

/** Sends signed webhooks as a provider does: again, until each is accepted. */
export function createSender(server: LoadedServer, customers: readonly object[]) {
  const clock = systemClock()
  const samples: Sample[] = []
  let accepted = 0
  let sent = 0
  let again = 0

  async function post(id: string, object: object | undefined): Promise<void> {
    const created = secondsOf(clock.now())
    const body = JSON.stringify({
      id,
      object: 'event',
      api_version: '2026-10-28.endive',
      created,
      livemode: false,
      type: 'customer.updated',
      data: { object },
    })
    const mac = createHmac('sha256', server.secrets.stripeWebhookSecret)
    const headers = {
      'stripe-signature': `t=${created},v1=${mac.update(`${created}.${body}`).digest('hex')}`,
    }
    const answer = await timed(samples, () =>
      fetch(`${server.url}/webhooks/stripe`, { method: 'POST', headers, body }),
    )
    if (answer?.status === 200) {
      accepted += 1
      return
    }
    again += 1
    await pause(1000 * Number(answer?.headers.get('retry-after') ?? 1))
    await post(id, object)
  }

  return {
    send(): Promise<void> {
      sent += 1
      return post(`evt_${randomUUID().replaceAll('-', '')}`, customers[sent % customers.length])
    },
    /** What was measured since it was last asked. */
    take: () => samples.splice(0),
    accepted: () => accepted,
    again: () => again,
  }
}
