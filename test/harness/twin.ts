import type { Clock, Log } from '../../actors/ports.ts'
import { createStripeClient, type FetchLike } from '../../providers/stripe/client.ts'
import type { SandboxStorage } from '../../twins/kernel/storage.ts'
import { createStripeTwin, type StripeTwinOptions } from '../../twins/stripe/twin.ts'
import { silentLog } from './logs.ts'

const secretKey = 'sk_test_harness'
export const webhookSecret = 'whsec_of_the_harness'

export interface TwinParts {
  readonly clock: Clock
  readonly seed: string
  readonly log?: Log
  readonly storage?: SandboxStorage
  readonly billing?: StripeTwinOptions['billing']
  readonly latency?: NonNullable<StripeTwinOptions['latency']>
  /** Takes each signed webhook and answers with its status; none are sent if it is left out. */
  readonly send?: (headers: Readonly<Record<string, string>>, body: string) => Promise<number>
}

/** The simulated Stripe, without a socket, and the ways to it. */
export function openTwin(parts: TwinParts) {
  const { clock, seed, send } = parts
  const twin = createStripeTwin({
    clock,
    seed,
    secretKey,
    publishableKey: 'pk_test_harness',
    storage: parts.storage ?? null,
    publicUrl: () => 'http://stripe.test',
    log: parts.log ?? silentLog,
    ...(parts.billing ? { billing: parts.billing } : {}),
    ...(parts.latency ? { latency: parts.latency } : {}),
    webhook: send
      ? {
          url: 'http://tenure.test/webhooks/stripe',
          secret: webhookSecret,
          send: (_url, headers, body) => send(headers, body),
        }
      : null,
  })
  const fetch: FetchLike = async (url, init) => twin.app.request(url, init)
  return { twin, fetch, stripe: clientOfTwin(fetch) }
}

/** The real SDK, which reaches the simulated Stripe through `fetch`. */
export function clientOfTwin(fetch: FetchLike) {
  return createStripeClient({
    secretKey,
    apiBase: 'http://stripe.test',
    timeoutMs: 60_000,
    maxNetworkRetries: 0,
    fetch,
  })
}

/** Keeps what a twin stores for another that follows it. */
export function keepInMemory(): SandboxStorage {
  const stored = new Map<string, string>()
  return {
    load: () => new Map(stored),
    save(changes) {
      for (const [key, value] of changes) {
        if (value === null) stored.delete(key)
        else stored.set(key, value)
      }
    },
  }
}
