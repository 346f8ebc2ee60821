import { openTwin, webhookSecret } from '../test/harness/twin.ts'
import { signatureHeader } from '../twins/stripe/events/webhooks.ts'
import { secondsOf } from '../values/instant.ts'
import type { Home } from './homes.ts'
import { createFigures, perSecond, printTable, printTitle, pump, whole } from './measure.ts'
import { composeBench } from './platform.ts'
import { beginsAt } from './workloads.ts'

const clock = { now: () => beginsAt }

/** A subscription's event as the simulated Stripe tells it. */
async function eventOfSubscription(): Promise<string> {
  const { stripe } = openTwin({ clock, seed: 'ingest' })
  const { id: customer } = await stripe.customers.create({ email: 'bench@example.com' })
  const { id: product } = await stripe.products.create({ name: 'Bench' })
  const { id: price } = await stripe.prices.create({
    product,
    currency: 'usd',
    unit_amount: 900,
    recurring: { interval: 'month' },
  })
  await stripe.subscriptions.create({
    customer,
    items: [{ price }],
    payment_behavior: 'default_incomplete',
  })
  const { data } = await stripe.events.list({ type: 'customer.subscription.created' })
  const [event] = data
  if (event === undefined)
    throw new Error('the simulated Stripe has sent no event of a subscription')
  return JSON.stringify(event, null, 2)
}

function signedCopies(body: string, run: string, count: number) {
  const at = secondsOf(beginsAt)
  return Array.from({ length: count }, (_, n) => {
    const copy = body.replace(/"id": "evt_\w+"/, `"id": "evt_${run}n${n}"`)
    return { body: copy, signature: signatureHeader(copy, webhookSecret, at) }
  })
}

export interface IngestOptions {
  readonly homes: readonly Home[]
  readonly rounds: number
  readonly events: number
}

/** Webhooks per second from the request to its 200: verified, and stored durably; what they lead to is left. */
export async function measureIngest({ homes, rounds, events }: IngestOptions): Promise<void> {
  const figures = createFigures()
  const template = await eventOfSubscription()
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, store } of homes) {
      const { app, runtime } = composeBench({
        store: { ...store, claim: () => Promise.resolve([]) },
        clock,
        fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')),
      })
      const copies = signedCopies(template, `${round}`, events)
      const rate = await perSecond(events, () =>
        pump(copies, 64, async ({ body, signature }) => {
          const headers = { 'stripe-signature': signature }
          const answer = await app.request('/webhooks/stripe', { method: 'POST', headers, body })
          if (answer.status !== 200) throw new Error(`a webhook was answered ${answer.status}`)
        }),
      )
      await runtime.stop()
      if (round > 0) figures.add(name, rate)
    }
  }
  printTitle(
    `webhooks in, per second: ${whole(template.length)} bytes each, 64 at once, medians of ${rounds} rounds`,
  )
  printTable(
    ['store', 'stored and answered', 'lowest–highest'],
    homes.map(({ name }) => [name, whole(figures.median(name)), figures.spread(name)]),
  )
}
