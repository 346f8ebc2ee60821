import { Stripe } from 'stripe'
import { z } from 'zod'
import type { Log } from '../../../actors/ports.ts'
import { instantOfSeconds, type Instant } from '../../../values/instant.ts'
import type { SandboxStorage } from '../../kernel/storage.ts'
import { createStripeTwin } from '../twin.ts'
import type { BillingOptions } from './billing.ts'

/** A job that throws fails the test. */
const log: Log = {
  debug() {},
  info() {},
  warn() {},
  error(event, fields) {
    throw new Error(`${event} ${JSON.stringify(fields)}`)
  },
}

const Event = z.object({
  created: z.number(),
  type: z.string(),
  data: z.object({
    object: z.looseObject({ id: z.string(), status: z.string().optional() }),
    previous_attributes: z.record(z.string(), z.unknown()).optional(),
  }),
})
type Event = z.infer<typeof Event>

export interface SeenChange {
  /** To the minute, such as `2027-01-31T12:00`. */
  readonly at: string
  readonly type: string
  readonly status: string | null
}

const month = { interval: 'month' } as const

/** The twin on a clock that the test moves, reached by the real SDK without a network. */
export async function openSandbox(
  start: Instant,
  options: Partial<BillingOptions> = {},
  storage: SandboxStorage | null = null,
) {
  let now = start
  let status = 200
  const events: Event[] = []
  const twin = createStripeTwin({
    clock: { now: () => now },
    seed: 'billing',
    secretKey: 'sk_test_1',
    publishableKey: 'pk_test_1',
    webhook: {
      url: 'http://platform.test/webhooks/stripe',
      secret: 'whsec_test',
      send: async (_url, _headers, body) => {
        if (status === 200) events.push(Event.parse(JSON.parse(body)))
        return status
      },
    },
    storage,
    publicUrl: () => 'http://sandbox.test',
    log,
    billing: options,
  })
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    twin.app.fetch(new Request(input, init))
  const stripe = new Stripe('sk_test_1', {
    httpClient: Stripe.createFetchHttpClient(fetch),
    telemetry: false,
    maxNetworkRetries: 0,
  })
  const price = async (unit_amount: number, recurring?: { interval: 'day' | 'month' }) => {
    const plan = recurring === undefined ? {} : { recurring }
    const product_data = { name: 'Plan' }
    const made = await stripe.prices.create({ currency: 'usd', unit_amount, product_data, ...plan })
    return made.id
  }

  async function delivered(): Promise<readonly Event[]> {
    await twin.runDue()
    return events
  }

  async function useCard(customer: string, card: string): Promise<string> {
    const method = await stripe.paymentMethods.attach(card, { customer })
    const settings = { default_payment_method: method.id }
    await stripe.customers.update(customer, { invoice_settings: settings })
    return method.id
  }

  return {
    stripe,
    fetch,
    prices: {
      month: await price(1000, month),
      free: await price(0, month),
      day: await price(100, { interval: 'day' }),
      once: await price(2500),
    },

    /** Moves the clock from one thing that falls due to the next, as the sandbox's clock does. */
    async to(at: Instant): Promise<void> {
      for (let next = twin.nextJobAt(); next !== null && next <= at; next = twin.nextJobAt()) {
        if (next > now) now = next
        await twin.runDue()
      }
      now = at
      await twin.runDue()
    },

    /** Moves the clock at once, as if the twin had been down meanwhile. */
    async leap(at: Instant): Promise<void> {
      now = at
      await twin.runDue()
    },

    /**
     * From now on the platform answers every webhook with this status; what it refuses is not seen.
     */
    answerWith(next: number): void {
      status = next
    },

    /** The customer's answer on the 3-D Secure page. */
    async authenticate(
      intent: string,
      answer: 'complete' | 'fail' = 'complete',
    ): Promise<Response> {
      const body = new URLSearchParams({ answer })
      return fetch(`http://sandbox.test/3ds/${intent}`, { method: 'POST', body })
    },

    /** Every event so far whose type begins so, in the order of delivery. */
    async seen(prefix = ''): Promise<SeenChange[]> {
      return (await delivered())
        .filter(({ type }) => type.startsWith(prefix))
        .map(({ created, type, data }) => ({
          at: instantOfSeconds(created).slice(0, 16),
          type,
          status: data.object.status ?? null,
        }))
    },

    /** `type status` of the events that came since there were `count` of them. */
    async since(count: number): Promise<string[]> {
      const found = (await delivered()).slice(count)
      return found.map(({ type, data }) => `${type} ${data.object.status ?? ''}`.trim())
    },

    eventCount: async () => (await delivered()).length,

    /** What the newest event of this type says was there before. */
    async previousOf(type: string): Promise<Record<string, unknown>> {
      const found = (await delivered()).findLast((event) => event.type === type)
      return found?.data.previous_attributes ?? {}
    },

    /** How often the bank was asked. */
    charges: async () => (await stripe.charges.list({ limit: 100 })).data.length,

    /** A customer, with this card as the default for invoices. */
    async customer(card?: string): Promise<string> {
      const { id } = await stripe.customers.create({ email: 'ada@example.com' })
      if (card !== undefined) await useCard(id, card)
      return id
    },

    /** Attaches a card and makes it the customer's default; returns its id. */
    useCard,

    /** The newest invoice of a subscription. */
    async latest(subscription: string): Promise<Stripe.Invoice> {
      const { data } = await stripe.invoices.list({ subscription, limit: 1 })
      const [invoice] = data
      if (invoice === undefined) throw new Error(`${subscription} has no invoice`)
      return invoice
    },

    status: async (subscription: string): Promise<string> =>
      (await stripe.subscriptions.retrieve(subscription)).status,

    /** The payment intent that is to pay an invoice. */
    async intentOf(invoice: string): Promise<Stripe.PaymentIntent> {
      const { data } = await stripe.invoicePayments.list({
        invoice,
        expand: ['data.payment.payment_intent'],
      })
      const intent = data[0]?.payment.payment_intent
      if (intent === undefined || typeof intent === 'string') throw new Error('no intent')
      return intent
    },
  }
}

export type Sandbox = Awaited<ReturnType<typeof openSandbox>>

/** The id in a field that was not expanded. */
export function idOf(field: unknown): string {
  if (typeof field === 'string') return field
  throw new TypeError('expected an id')
}
