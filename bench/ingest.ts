import { openTwin, webhookSecret } from '../test/harness/twin.ts'
import { signatureHeader } from '../twins/stripe/events/webhooks.ts'
import { secondsOf } from '../values/instant.ts'
import { createFigures, pump, timed } from './measure.ts'
import type { Part } from './part.ts'
import { composeBench, undelivered } from './platform.ts'
import { printTable, printTitle, whole } from './print.ts'
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

/**
 * Webhooks per second from the request to its 200: verified, and stored durably; what they lead to
 * is left.
 */
export const ingest: Part = {
  name: 'ingest',
  about: 'webhooks that are verified, stored durably and answered, 64 at once',
  async run({ homes, withHome, options }) {
    const figures = createFigures()
    const template = await eventOfSubscription()
    const count = Math.ceil(options.events / 4)
    for (const name of homes) {
      await withHome(name, async ({ store }) => {
        for (let round = 0; round <= options.rounds; round += 1) {
          const { app, runtime } = composeBench({
            ...undelivered(store),
            clock,
            fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')),
          })
          const copies = signedCopies(template, `${round}`, count)
          const took = await timed(() =>
            pump(copies, 64, async ({ body, signature }) => {
              const headers = { 'stripe-signature': signature }
              const answer = await app.request('/webhooks/stripe', {
                method: 'POST',
                headers,
                body,
              })
              if (answer.status !== 200) throw new Error(`a webhook was answered ${answer.status}`)
            }),
          )
          await runtime.stop()
          if (round === 0) continue
          figures.add(`${name} rate`, (count * 1_000) / took.ms)
          figures.add(`${name} cpu`, (took.cpuMs * 1_000) / count)
        }
      })
    }
    printTitle(`webhooks in: ${whole(template.length)} bytes each, 64 at once`)
    printTable(
      ['store', 'stored and answered a second', 'lowest–highest', 'CPU µs each'],
      homes.map((name) => [
        name,
        whole(figures.median(`${name} rate`)),
        figures.spread(`${name} rate`, whole),
        whole(figures.median(`${name} cpu`)),
      ]),
    )
  },
}
