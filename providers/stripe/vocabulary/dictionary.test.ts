import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { webhooks1 } from './dictionary.ts'

test('all of the dictionary is within the reach of a packed text', () => {
  // 32 kB, less what zlib keeps back of them for a match (RFC 1951, deflate.h: MIN_LOOKAHEAD).
  expect(Buffer.byteLength(webhooks1)).toBeLessThanOrEqual(32_768 - 262)
})

test('with it a webhook takes a fraction of what it takes without', () => {
  const event = {
    id: 'evt_1QPnW2Lk8sYxT4bRz0aVc7Hd',
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_804_640_400,
    data: {
      object: {
        id: 'inpay_7Hc4nPqWb2XtYs9LkEzRv0Ja',
        object: 'invoice_payment',
        amount_paid: 2_900,
        amount_requested: 2_900,
        created: 1_804_640_400,
        currency: 'usd',
        invoice: 'in_9aKs0LpQwErTyUiOpZxCvBn1',
        is_default: true,
        livemode: false,
        payment: { payment_intent: 'pi_3mNbVcXzAsDfGhJkLqWeRtYu', type: 'payment_intent' },
        status: 'paid',
        status_transitions: { canceled_at: null, paid_at: 1_804_640_400 },
      },
    },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'invoice_payment.paid',
  }
  const body = JSON.stringify(event, null, 2)
  const dictionary = Buffer.from(webhooks1)
  expect(deflateSync(body, { dictionary }).length).toBeLessThan(deflateSync(body).length / 2)
})
