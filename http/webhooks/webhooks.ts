import { createRoute, z } from '@hono/zod-openapi'
import type { TellOutcome } from '../../actors/tell-outcome.ts'
import { waits } from '../actors/command.ts'
import type { HttpDeps, WebhookReceiver } from '../deps.ts'
import type { App } from '../env.ts'
import { Problem } from '../problem.ts'
import { json, publicProblemResponses } from '../resources/wire.ts'

const receiveStripe = createRoute({
  method: 'post',
  path: '/webhooks/stripe',
  tags: ['Webhooks'],
  security: [],
  summary: "Stripe's webhooks",
  description:
    'Authenticated by the Stripe-Signature header over the body as it came. The event is ' +
    'stored before the answer; a repeated one is answered like the first.',
  request: {
    headers: z.object({ 'stripe-signature': z.string().optional() }),
    body: {
      required: true,
      // Read as bytes, whatever its content type: the signature is over the bytes.
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
  },
  responses: {
    200: json(z.object({ received: z.literal(true) }), 'Stored'),
    ...publicProblemResponses(
      'webhook_refused',
      'body_too_large',
      'actor_parked',
      'actor_busy',
      'webhooks_waiting',
      'store_unavailable',
      'store_damaged',
    ),
  },
})

/** The routes of this area, from which a typed client is made. */
export const webhookRoutes = { receiveStripe } as const

export function mountWebhooks(app: App, deps: HttpDeps): void {
  app.openapi(receiveStripe, async (c) => {
    const received = deps.stripeWebhooks.receive({
      rawBody: new Uint8Array(await c.req.arrayBuffer()),
      signatureHeader: c.req.header('stripe-signature') ?? null,
      now: deps.clock.now(),
      correlationId: c.var.requestId,
    })
    if (received.outcome === 'refused') {
      deps.metrics.webhook(received.code)
      throw refusal(received)
    }
    const told = await deps.runtime.tell(received.envelope)
    // A copy is no news to the actor that the first one made.
    deps.metrics.webhook(told.outcome === 'unchanged' ? 'duplicate' : told.outcome)
    refuseUnstored(told)
    return c.json({ received: true as const }, 200)
  })
}

function refusal(
  refused: Extract<ReturnType<WebhookReceiver['receive']>, { outcome: 'refused' }>,
): Problem {
  const { code, message, field, skewSeconds } = refused
  const facts = {
    reason: code,
    ...(field === undefined ? {} : { field }),
    ...(skewSeconds === undefined ? {} : { skew_seconds: skewSeconds }),
  }
  return new Problem('webhook_refused', { detail: message, facts })
}

/** What is not stored is answered 503, so that Stripe sends it again. */
function refuseUnstored(told: TellOutcome): void {
  switch (told.outcome) {
    case 'committed':
    case 'duplicate':
    case 'unchanged':
      return
    case 'parked':
    case 'busy':
      throw waits(told.outcome)
    case 'refused':
      throw new Error(`a verified webhook was refused: ${told.refusal.code}`)
  }
}
