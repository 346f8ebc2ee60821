import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../actors/port-errors.ts'
import { openApi, problemIn, type TestApi } from '../../test/harness/api.ts'
import { eventBody, postWebhook } from '../../test/harness/webhook.ts'

function deepBody(levels: number): string {
  const nested = `${'['.repeat(levels)}${']'.repeat(levels)}`
  return eventBody({ data: { object: { id: 'x', object: 'thing', at: '@' } } }).replace(
    '"@"',
    nested,
  )
}

async function stored(api: TestApi): Promise<number> {
  return (await api.store.actors('event', { cursor: null, limit: 10 })).items.length
}

describe('200', () => {
  test('a signed webhook is kept, byte for byte, before it is answered', async () => {
    const api = openApi()
    const answer = await postWebhook(api)
    expect([answer.status, answer.json]).toEqual([200, { received: true }])
    const { items } = await api.store.actors('event', { cursor: null, limit: 10 })
    const entry = items[0] && (await api.store.entry(items[0], 1))
    expect(entry?.envelope).toMatchObject({
      source: 'provider',
      principal: 'provider:stripe',
      correlationId: answer.headers.get('x-request-id'),
      event: { type: 'event.received', eventId: 'evt_1', body: eventBody() },
    })
  })

  test('a doubled webhook is answered like the first, and kept once', async () => {
    const api = openApi()
    const answers = [await postWebhook(api), await postWebhook(api)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(await stored(api)).toBe(1)
    expect(await api.metrics.text()).toContain('tenure_webhooks_total{outcome="duplicate"} 1')
  })
})

describe('what becomes of a webhook that was kept', () => {
  test('is counted; one that is not for us is named in a warning', async () => {
    const api = openApi()
    await postWebhook(api, { body: eventBody({ livemode: true }) })
    await postWebhook(api, { body: eventBody({ livemode: true }) })
    expect(await api.metrics.text()).toContain('tenure_events_total{outcome="quarantined"} 1')
    expect(api.lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        event: 'event.quarantined',
        fields: {
          actor: expect.stringMatching(/^event\/evt_1~/),
          eventType: 'customer.updated',
          why: 'an event of live mode, where we run in test mode',
          correlationId: expect.any(String),
        },
      },
    ])
  })

  test.each(['applied', 'ignored'])(
    'is counted once when it was %s, without a warning',
    async (outcome) => {
      const api = openApi()
      api.metrics.runtime.performed('event.apply', { outcome, detail: null, told: [] })
      expect(await api.metrics.text()).toContain(`tenure_events_total{outcome="${outcome}"} 1`)
      expect(api.lines.filter(({ level }) => level === 'warn')).toEqual([])
    },
  )
})

describe('400', () => {
  test.each`
    posting                                        | reason                 | why
    ${{ headers: { 'stripe-signature': '' } }}     | ${'signature_missing'} | ${'an unsigned one'}
    ${{ secret: 'whsec_other' }}                   | ${'signature_invalid'} | ${'a wrongly signed one'}
    ${{ ageSeconds: 301 }}                         | ${'signature_too_old'} | ${'a stale one'}
    ${{ body: '{"id":' }}                          | ${'body_not_json'}     | ${'one that is not JSON'}
    ${{ body: '{"id":"evt_1","object":"event"}' }} | ${'body_not_event'}    | ${'one that is no event'}
    ${{ body: deepBody(60_000) }}                  | ${'body_too_deep'}     | ${'one that is nested without end'}
  `('$why is refused and counted, and nothing is stored', async ({ posting, reason }) => {
    const api = openApi()
    const answer = await postWebhook(api, posting)
    expect(problemIn(answer)).toEqual({ status: 400, code: 'webhook_refused' })
    expect(answer.json['reason']).toBe(reason)
    expect(await stored(api)).toBe(0)
    expect(await api.metrics.text()).toContain(`tenure_webhooks_total{outcome="${reason}"} 1`)
  })

  test('how far the clocks are apart is said of a stale one', async () => {
    const answer = await postWebhook(openApi(), { ageSeconds: 4_000 })
    expect(answer.json['skew_seconds']).toBe(4_000)
  })
})

describe('413', () => {
  test.each`
    headers                            | why
    ${{}}                              | ${'one that is too large is cut off while it comes'}
    ${{ 'content-length': '1048577' }} | ${'one that says it is too large is not read'}
  `('$why', async ({ headers }) => {
    const api = openApi()
    const body = eventBody({ padding: 'x'.repeat(1_048_576) })
    const answer = await postWebhook(api, { body, headers })
    expect(problemIn(answer)).toEqual({ status: 413, code: 'body_too_large' })
    expect(answer.json['limit']).toBe(1_048_576)
    expect(await stored(api)).toBe(0)
    expect(await api.metrics.text()).toContain('tenure_webhooks_total{outcome="body_too_large"} 1')
  })
})

describe('503', () => {
  test.each`
    outcome                                   | expected
    ${{ outcome: 'busy' }}                    | ${{ status: 503, code: 'actor_busy' }}
    ${{ outcome: 'parked', id: 'event/x!y' }} | ${{ status: 503, code: 'actor_parked' }}
  `(
    'what is not stored is sent again by Stripe: $outcome.outcome',
    async ({ outcome, expected }) => {
      const api = openApi({ runtime: (real) => ({ ...real, tell: async () => outcome }) })
      expect(problemIn(await postWebhook(api))).toEqual(expected)
    },
  )

  test('an outage of the store is answered so that Stripe sends it again', async () => {
    const fail = () => Promise.reject(new StoreUnavailable('down'))
    const api = openApi({ runtime: (real) => ({ ...real, tell: fail }) })
    const answer = await postWebhook(api)
    expect(problemIn(answer)).toEqual({ status: 503, code: 'store_unavailable' })
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})
