import { Stripe } from 'stripe'
import { z } from 'zod'
import type { Log } from '../../actors/ports.ts'
import { instant, plusMs, type Instant } from '../../values/instant.ts'
import type { SandboxStorage } from '../kernel/storage.ts'
import { createStripeTwin, type StripeTwinOptions } from './twin.ts'

/**
 * What a test of the twin works with: the twin on a clock of its own, and the real SDK in front of
 * it.
 */

export const secretKey = 'sk_test_fixture'
export const publishableKey = 'pk_test_fixture'
export const webhookSecret = 'whsec_fixture'

/** A job or a request that fails inside the twin fails the test. */
export const strictLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error(event, fields) {
    throw new Error(`${event} ${JSON.stringify(fields)}`)
  },
}

export interface Post {
  readonly at: Instant
  readonly signature: string
  readonly body: string
  readonly id: string
  readonly type: string
}

const Posted = z.object({ id: z.string(), type: z.string() })

export function memoryStorage(): SandboxStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    load: () => new Map(kept),
    save(changes) {
      for (const [key, value] of changes)
        if (value === null) kept.delete(key)
        else kept.set(key, value)
    },
  }
}

export function openTwin(
  options: Partial<StripeTwinOptions> & { at?: Instant; thin?: boolean } = {},
) {
  let now = options.at ?? instant(Date.UTC(2027, 0, 1))
  const posts: Post[] = []
  let status = 200
  const twin = createStripeTwin({
    clock: { now: () => now },
    seed: 'fixture',
    secretKey,
    publishableKey,
    storage: null,
    log: strictLog,
    publicUrl: () => 'http://sandbox.test',
    webhook: {
      url: 'http://shop.test/webhooks',
      secret: webhookSecret,
      thin: options.thin ?? false,
      send(_url, headers, body) {
        const { id, type } = Posted.parse(JSON.parse(body))
        const signature = headers['Stripe-Signature'] ?? ''
        posts.push({ at: now, signature, body, id, type })
        return Promise.resolve(status)
      },
    },
    ...options,
  })
  const fetch = async (input: string | URL | Request, init?: RequestInit) =>
    twin.app.fetch(new Request(input, init))
  const sdk = (key: string) =>
    new Stripe(key, {
      httpClient: Stripe.createFetchHttpClient(fetch),
      telemetry: false,
      maxNetworkRetries: 0,
    })

  async function to(at: Instant): Promise<void> {
    await twin.runDue()
    for (let next = twin.nextJobAt(); next !== null && next <= at; next = twin.nextJobAt()) {
      if (next > now) now = next
      await twin.runDue()
    }
    now = at
  }

  return {
    twin,
    fetch,
    stripe: sdk(secretKey),
    client: sdk(publishableKey),
    posts,
    now: () => now,
    /** Every later post is answered so. */
    answerWith: (next: number): void => {
      status = next
    },
    /** Moves the clock, and runs nothing. */
    leap: (seconds: number): void => {
      now = plusMs(now, seconds * 1000)
    },
    /** Moves the clock from job to job up to this time. */
    to,
    after: (seconds: number) => to(plusMs(now, seconds * 1000)),
    /** The types of all events, oldest first. */
    eventTypes: async (): Promise<string[]> => {
      const { data } = await sdk(secretKey).events.list({ limit: 100 })
      return data.map(({ type }) => type).toReversed()
    },
  }
}

/** A customer with this card attached and made the default. */
export async function customerWith(stripe: Stripe, card: string) {
  const { id: customer } = await stripe.customers.create({ email: 'ada@example.com' })
  const { id: method } = await stripe.paymentMethods.attach(card, { customer })
  await stripe.customers.update(customer, {
    invoice_settings: { default_payment_method: method },
  })
  return { customer, method }
}

/** The failure that a call ends with; throws if it does not fail. */
export async function failureOf(call: Promise<unknown>) {
  try {
    await call
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error
    throw error
  }
  throw new Error('the call was expected to fail')
}

/** A header of the answer, whether the SDK keeps them as Headers or as a record. */
export function headerOf(
  answer: { lastResponse: { headers: Record<string, string> } },
  name: string,
): string | null {
  return new Headers(answer.lastResponse.headers).get(name)
}
