import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Stripe } from 'stripe'

/** What `fetch` does, as far as the SDK asks it to. */
export type FetchLike = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface StripeClientOptions {
  readonly secretKey: string
  /** Scheme, host and port of the API, such as `http://127.0.0.1:4610`; null for Stripe's own. */
  readonly apiBase: string | null
  /** How long one call may take. What it did by then is not known. */
  readonly timeoutMs: number
  /**
   * By the SDK, inside one call. 0 leaves them to the delivery of effects, which outlives a crash.
   */
  readonly maxNetworkRetries: number
  /** Open connections to Stripe, kept alive. */
  readonly maxConnections?: number
  /** In place of the network. */
  readonly fetch?: FetchLike
}

/** The version whose shapes our commands and reads use. Webhooks may have any other. */
export const apiVersion = '2026-10-28.endive'

/** The SDK, pinned to one API version. Throws if `apiBase` is no URL. */
export function createStripeClient(options: StripeClientOptions): Stripe {
  const { secretKey, apiBase, timeoutMs, maxNetworkRetries, fetch } = options
  const base = apiBase === null ? null : new URL(apiBase)
  const protocol = base?.protocol === 'http:' ? 'http' : 'https'
  return new Stripe(secretKey, {
    apiVersion,
    maxNetworkRetries,
    protocol,
    telemetry: false,
    timeout: timeoutMs,
    appInfo: { name: 'Tenure' },
    ...(base === null
      ? {}
      : { host: base.hostname, port: base.port || (protocol === 'http' ? 80 : 443) }),
    ...(fetch === undefined
      ? { httpAgent: agentFor(protocol, options.maxConnections ?? 32) }
      : { httpClient: Stripe.createFetchHttpClient(fetch) }),
  })
}

/** Without keep-alive each call pays for a connection of its own. */
function agentFor(protocol: 'http' | 'https', maxSockets: number): HttpAgent {
  const options = { keepAlive: true, maxSockets }
  return protocol === 'http' ? new HttpAgent(options) : new HttpsAgent(options)
}
