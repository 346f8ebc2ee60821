import { describe, expect, test } from 'vitest'
import { RuntimeStopped } from '../actors/runtime.ts'
import { openApi, problemIn } from '../test/harness/api.ts'
import { keyOf } from '../test/harness/process.ts'
import { haveAccount, haveActive, invoiceSays } from '../test/harness/provider-says.ts'

describe('404', () => {
  test('what may not be seen is answered like what is not there, byte for byte', async () => {
    const api = openApi()
    await haveAccount(api, 'acct_own')
    await haveActive(api, 'sub_one', 'acct_other')
    await api.tell('invoice/in_one', invoiceSays('acct_other', 'open'))
    const headers = { 'x-request-id': 'the-same' }
    const paths = [
      'GET /v1/accounts/acct_none',
      'GET /v1/accounts/acct_other',
      'GET /v1/accounts/sub_one',
      'GET /v1/accounts/not%20an%20id',
      'GET /v1/accounts/%2e%2e%2fetc',
      'GET /v1/subscriptions/sub_none',
      'GET /v1/subscriptions/sub_one',
      'GET /v1/subscriptions/sub_one/stream',
      'POST /v1/subscriptions/sub_one/resume',
      'GET /v1/invoices/in_none',
      'GET /v1/invoices/in_one',
      'GET /v1/invoices?account=acct_none',
      'GET /v1/invoices?account=acct_other',
    ]
    const answers = await Promise.all(
      paths.map((path) => api.ask(path, { key: keyOf.narrow, headers })),
    )
    for (const answer of answers)
      expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const service = await api.ask('GET /v1/entitlements/acct_none', {
      key: keyOf.service,
      headers,
    })
    expect(service.text).toBe(answers[0]?.text)
    expect((await api.ask('GET /v1/subscriptions/sub_one')).status).toBe(200)
  })

  test.each(['GET /', 'GET /v1', 'GET /v1/unicorns', 'POST /v1/accounts/a/b/c', 'GET /v1/plans/'])(
    '%s is no route',
    async (request) => {
      const answer = await openApi().ask(request)
      expect(problemIn(answer)).toEqual({ status: 404, code: 'route_unknown' })
    },
  )
})

describe('405', () => {
  test.each`
    request                          | allow
    ${'DELETE /v1/accounts'}         | ${'POST, GET, HEAD'}
    ${'PUT /v1/subscriptions/sub_1'} | ${'GET, HEAD'}
    ${'GET /webhooks/stripe'}        | ${'POST'}
    ${'POST /openapi.json'}          | ${'GET, HEAD'}
  `('$request names the methods that are allowed', async ({ request, allow }) => {
    const answer = await openApi().ask(request)
    expect(problemIn(answer)).toEqual({ status: 405, code: 'method_not_allowed' })
    expect(answer.headers.get('allow')).toBe(allow)
  })
})

describe('413', () => {
  test('a body over the limit is refused, and one at the limit is read', async () => {
    const api = openApi({ limits: { bodyBytes: 200 } })
    const fill = (bytes: number) => {
      const frame = JSON.stringify({ email: 'ada@example.com', name: '' }).length
      return { email: 'ada@example.com', name: 'x'.repeat(bytes - frame) }
    }
    const over = await api.ask('POST /v1/accounts', { body: fill(201) })
    expect(problemIn(over)).toEqual({ status: 413, code: 'body_too_large' })
    expect((await api.ask('POST /v1/accounts', { body: fill(200) })).status).toBe(201)
  })
})

describe('500', () => {
  test('a fault of ours says nothing of itself, and is logged with its request', async () => {
    const api = openApi({
      runtime: (real) => ({ ...real, read: () => Promise.reject(new Error('inner detail')) }),
    })
    const answer = await api.ask('GET /v1/accounts/acct_own')
    expect(problemIn(answer)).toEqual({ status: 500, code: 'internal' })
    expect(answer.text).not.toContain('inner detail')
    expect(api.lines).toContainEqual({
      level: 'error',
      event: 'request.failed',
      fields: expect.objectContaining({
        requestId: answer.headers.get('x-request-id'),
        error: expect.stringContaining('inner detail'),
      }),
    })
  })
})

describe('503', () => {
  const body = { email: 'ada@example.com' }

  test('too much that waits for one actor is said to be so', async () => {
    const api = openApi({
      runtime: (real) => ({ ...real, tell: async () => ({ outcome: 'busy' }) }),
    })
    const answer = await api.ask('POST /v1/accounts', { body })
    expect(problemIn(answer)).toEqual({ status: 503, code: 'actor_busy' })
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  test('a process that is stopping takes nothing more', async () => {
    const stopped = () => Promise.reject(new RuntimeStopped('stopping'))
    const api = openApi({ runtime: (real) => ({ ...real, tell: stopped }) })
    const answer = await api.ask('POST /v1/accounts', { body })
    expect(problemIn(answer)).toEqual({ status: 503, code: 'not_ready' })
  })
})

describe('every request', () => {
  test.each`
    given              | kept     | why
    ${'my-id_1:2.3'}   | ${true}  | ${'a usable id is kept'}
    ${'x'.repeat(101)} | ${false} | ${'a long one is replaced'}
    ${'a b'}           | ${false} | ${'one with a space is replaced'}
    ${'"}{'}           | ${false} | ${'one that could spoil a log is replaced'}
  `('$why', async ({ given, kept }) => {
    const answer = await openApi().ask('GET /healthz', { headers: { 'x-request-id': given } })
    expect(answer.headers.get('x-request-id') === given).toBe(kept)
    expect(answer.headers.get('x-request-id')).toMatch(/^[\w.:-]{8,100}$/)
  })

  test('has one line in the log, with its route and never its path', async () => {
    const api = openApi()
    await api.ask('GET /v1/accounts/acct_secret')
    const lines = api.lines.filter(({ event }) => event === 'request.answered')
    expect(lines).toEqual([
      expect.objectContaining({
        fields: expect.objectContaining({
          method: 'GET',
          route: '/v1/accounts/:id',
          status: 404,
          key: 'dashboard',
        }),
      }),
    ])
    expect(JSON.stringify(api.lines)).not.toContain('acct_secret')
  })

  test('is counted by route and status', async () => {
    const api = openApi()
    await api.ask('GET /v1/accounts/acct_1')
    await api.ask('GET /v1/accounts/acct_2')
    await api.ask('GET /nowhere')
    const { text, headers } = await api.ask('GET /metrics', { key: null })
    expect(headers.get('content-type')).toContain('text/plain')
    const counted = 'tenure_http_requests_total{method="GET",route='
    expect(text).toContain(`${counted}"/v1/accounts/:id",status="404"} 2`)
    expect(text).toContain(`${counted}"unmatched",status="404"} 1`)
  })
})
