import type { Clock, Log } from '../../actors/ports.ts'
import { createStripeClient } from '../../providers/stripe/client.ts'
import { createStripeTwin } from '../../twins/stripe/twin.ts'

// For tests alone: the simulated Stripe, over a network that fails at will.

const log: Log = {
  debug() {},
  info() {},
  warn() {},
  error(event, fields) {
    throw new Error(`${event} ${JSON.stringify(fields)}`)
  },
}

/**
 * What becomes of one request: `lost` is done, and its answer never comes; `unsent` is not done.
 */
export type Fate = 'answered' | 'lost' | 'unsent' | Response

/** The request is under way until it is ruled. */
type FateOf = (method: string, path: string) => Fate | Promise<Fate>

export function openNetwork(clock: Clock) {
  let fateOf: FateOf = () => 'answered'
  const requests: string[] = []
  const webhooks: string[] = []
  const twin = createStripeTwin({
    clock,
    seed: 'perform',
    secretKey: 'sk_test_1',
    publishableKey: 'pk_test_1',
    webhook: {
      url: 'http://platform.test/webhooks/stripe',
      secret: 'whsec_test',
      send: async (_url, _headers, body) => {
        webhooks.push(body)
        return 200
      },
    },
    storage: null,
    publicUrl: () => 'http://sandbox.test',
    log,
  })

  async function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const path = new URL(request.url).pathname
    requests.push(`${request.method} ${path}`)
    const fate = await fateOf(request.method, path)
    if (fate instanceof Response) return fate
    if (fate === 'unsent') throw new TypeError('connection refused')
    const response = await twin.app.fetch(request)
    if (fate === 'lost') throw new TypeError('connection reset')
    return response
  }

  const stripe = createStripeClient({
    secretKey: 'sk_test_1',
    apiBase: 'http://sandbox.test',
    timeoutMs: 5000,
    maxNetworkRetries: 0,
    fetch,
  })

  return {
    stripe,
    twin,
    /** All requests so far, such as `POST /v1/customers`. */
    requests,
    /** The bodies of all webhooks so far. */
    webhooks,
    /** Rules the network from now on; null mends it. */
    rule(ruling: FateOf | null): void {
      fateOf = ruling ?? (() => 'answered')
    },
    /** The first POST meets this fate, and all others are answered. */
    ruleFirstPost(fate: Fate): void {
      let isFirst = true
      fateOf = (method) => {
        if (method !== 'POST' || !isFirst) return 'answered'
        isFirst = false
        return fate
      }
    },
  }
}
