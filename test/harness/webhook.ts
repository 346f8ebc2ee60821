import { createHmac } from 'node:crypto'
import { secondsOf } from '../../values/instant.ts'
import type { Answer, TestApi } from './api.ts'
import { webhookSecret } from './twin.ts'

export interface WebhookOptions {
  readonly body?: string
  readonly secret?: string
  readonly ageSeconds?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The body of an event of Stripe's. */
export function eventBody(more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'customer.updated',
    api_version: '2026-10-28.endive',
    created: 1_798_761_600,
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    data: { object: { id: 'cus_1', object: 'customer', email: null } },
    ...more,
  })
}

/** Posts it as Stripe would: signed over its bytes, by the API's clock. */
export function postWebhook(api: TestApi, posting: WebhookOptions = {}): Promise<Answer> {
  const { body = eventBody(), secret = webhookSecret, ageSeconds = 0 } = posting
  const at = secondsOf(api.clock.now()) - ageSeconds
  const digest = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')
  const headers = { 'stripe-signature': `t=${at},v1=${digest}`, ...posting.headers }
  return api.ask('POST /webhooks/stripe', { key: null, body, headers })
}
