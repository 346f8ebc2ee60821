import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { LoadedServer } from './server.ts'

const Created = z.looseObject({ id: z.string() })
const Account = z.looseObject({ payment_method_status: z.string() })
const Subscription = z.looseObject({ status: z.string() })
const Invoices = z.looseObject({ data: z.array(z.looseObject({ status: z.string() })) })

/** Answers that say: again, with the same key. 401 to 403 would be a fault of this program. */
const isLater = (status: number) => status === 409 || status === 429 || status >= 500

/** What was answered to somebody, and is to be true for ever. */
export interface Purchase {
  readonly account: string
  readonly subscription: string
}

export interface Customers {
  /** What was acknowledged up to now. */
  readonly bought: readonly Purchase[]
  /** The longest that any one request waited for an answer or its end, in ms. */
  longestMs(): number
  /** Lets each of them finish what it has begun. */
  leave(): Promise<void>
}

/**
 * `count` customers who sign up, add a card and buy, one purchase after the other, and send each
 * request again with its key until it is answered.
 */
export function startCustomers(server: LoadedServer, count: number): Customers {
  const bought: Purchase[] = []
  let longestMs = 0
  let isLeaving = false

  async function once(path: string, body: unknown, key: string): Promise<Response | null> {
    const beganMs = performance.now()
    const authorization = `Bearer ${server.secrets.keys.dashboard}`
    const asked = fetch(`${server.url}${path}`, {
      method: body === null ? 'GET' : 'POST',
      headers: {
        authorization,
        ...(body !== null && { 'content-type': 'application/json', 'idempotency-key': key }),
      },
      ...(body !== null && { body: JSON.stringify(body) }),
    })
    const answer = await asked.catch(() => null)
    longestMs = Math.max(longestMs, performance.now() - beganMs)
    return answer
  }

  async function ask<T>(schema: z.ZodType<T>, path: string, body: unknown = null): Promise<T> {
    const key = randomUUID()
    for (;;) {
      const answer = await once(path, body, key)
      // An answer may be cut in its middle.
      const text = await answer?.text().catch(() => null)
      if (answer?.ok && typeof text === 'string') return schema.parse(JSON.parse(text))
      if (answer !== null && typeof text === 'string' && !isLater(answer.status))
        throw new Error(`${path}: ${answer.status} ${text}`)
      await pause(200)
    }
  }

  async function buy(): Promise<void> {
    const person = { email: 'ada@example.com', name: 'Ada', currency: 'usd' }
    const { id: account } = await ask(Created, '/v1/accounts', person)
    const card = { provider: 'stripe', token: 'pm_card_visa' }
    await ask(Created, `/v1/accounts/${account}/payment-methods`, card)
    for (;;) {
      const now = await ask(Account, `/v1/accounts/${account}`)
      if (now.payment_method_status === 'valid') break
      await pause(100)
    }
    const wish = { account, plan: 'pro_monthly' }
    const { id: subscription } = await ask(Created, '/v1/subscriptions', wish)
    bought.push({ account, subscription })
  }

  const all = Array.from({ length: count }, async () => {
    while (!isLeaving) await buy()
  })
  return {
    bought,
    longestMs: () => Math.round(longestMs),
    async leave() {
      isLeaving = true
      await Promise.all(all)
    },
  }
}

/**
 * Those of the purchases that are not active with one paid invoice, after at most five minutes of
 * quiet, and how many seconds of it were needed.
 */
export async function notWhole(
  server: LoadedServer,
  bought: readonly Purchase[],
): Promise<{ readonly broken: readonly Purchase[]; readonly second: number }> {
  const headers = { authorization: `Bearer ${server.secrets.keys.dashboard}` }
  const read = async <T>(schema: z.ZodType<T>, path: string) =>
    schema.parse(await (await fetch(`${server.url}${path}`, { headers })).json())
  async function isWhole({ account, subscription }: Purchase): Promise<boolean> {
    const { status } = await read(Subscription, `/v1/subscriptions/${subscription}`)
    const { data } = await read(Invoices, `/v1/invoices?account=${account}`)
    return status === 'active' && data.length === 1 && data[0]?.status === 'paid'
  }

  let broken = bought
  for (let second = 0; ; second += 1) {
    const whole = await Promise.all(broken.map(isWhole))
    broken = broken.filter((_, n) => whole[n] !== true)
    if (broken.length === 0 || second === 300) return { broken, second }
    await pause(1_000)
  }
}

const Charges = z.object({
  has_more: z.boolean(),
  data: z.array(z.looseObject({ id: z.string(), status: z.string() })),
})

/** How many charges succeeded at the simulated Stripe. */
export async function chargesAtStripe({ stripeUrl, secrets }: LoadedServer): Promise<number> {
  let count = 0
  let after = ''
  for (;;) {
    const answer = await fetch(`${stripeUrl}/v1/charges?limit=100${after}`, {
      headers: { authorization: `Bearer ${secrets.stripeSecretKey}` },
    })
    const { data, has_more: hasMore } = Charges.parse(await answer.json())
    count += data.filter(({ status }) => status === 'succeeded').length
    after = `&starting_after=${data.at(-1)?.id ?? ''}`
    if (!hasMore) return count
  }
}
