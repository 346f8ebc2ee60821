import { describe, expect, test } from 'vitest'
import { openApi, problemIn, wrongFields } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveAccount } from '../../test/harness/provider-says.ts'

const ada = { email: 'ada@example.com', name: 'Ada', currency: 'eur' }

describe('201', () => {
  test('a new account is there at its Location at once, in good standing and with no way to pay', async () => {
    const api = openApi()
    const made = await api.ask('POST /v1/accounts', { body: ada })
    expect(made.status).toBe(201)
    expect(made.json).toMatchObject({
      object: 'account',
      ...ada,
      standing: 'good',
      lifecycle: 'open',
      payment_method_status: 'none',
      payment_methods: [],
      subscriptions: [],
      created_at: '2027-01-01T00:00:00.000Z',
    })
    const read = await api.ask(`GET ${made.headers.get('location')}`)
    expect(read.json).toMatchObject({ id: made.json['id'], ...ada })
  })

  test('the journal names the key that asked, and the request that it belongs to', async () => {
    const api = openApi()
    const made = await api.ask('POST /v1/accounts', {
      body: ada,
      headers: { 'x-request-id': 'req-1' },
    })
    const entry = await api.runtime.entry(`account/${String(made.json['id'])}`, 1)
    expect(entry?.envelope).toMatchObject({
      source: 'api',
      principal: 'key:dashboard',
      correlationId: 'req-1',
    })
  })

  test('without a currency it is billed in dollars, and without a name it has none', async () => {
    const made = await openApi().ask('POST /v1/accounts', { body: { email: ada.email } })
    expect(made.json).toMatchObject({ currency: 'usd', name: null })
  })
})

describe('200', () => {
  test('an account shows its payment methods and subscriptions as the provider confirmed them', async () => {
    const api = openApi()
    const { id } = (await api.ask('POST /v1/accounts', { body: ada })).json
    await api.runtime.idle()
    const token = { provider: 'stripe', token: 'pm_card_visa' }
    await api.ask(`POST /v1/accounts/${String(id)}/payment-methods`, { body: token })
    await api.runtime.idle()
    const shown = await api.ask(`GET /v1/accounts/${String(id)}`)
    expect(shown.json).toMatchObject({
      payment_method_status: 'valid',
      default_payment_method: 'pm_card_visa',
      payment_methods: [{ id: 'pm_card_visa', brand: 'visa', last4: '4242', default: true }],
    })
  })

  test('the list is walked to its end by its cursors, each account once', async () => {
    const api = openApi()
    for (const id of ['acct_a', 'acct_b', 'acct_c']) await haveAccount(api, id)
    const seen: unknown[] = []
    let next = ''
    do {
      const page = await api.ask(`GET /v1/accounts?limit=2${next}`)
      expect(page.status).toBe(200)
      const { data, next_cursor: cursor } = page.json
      if (Array.isArray(data)) seen.push(...data.map((one: { id: string }) => one.id))
      next = typeof cursor === 'string' ? `&cursor=${encodeURIComponent(cursor)}` : ''
    } while (next !== '')
    expect(seen).toEqual(['acct_a', 'acct_b', 'acct_c'])
  })

  test('the list of a key that sees some accounts holds those alone', async () => {
    const api = openApi()
    await haveAccount(api, 'acct_other')
    await haveAccount(api, 'acct_own')
    const page = await api.ask('GET /v1/accounts', { key: keyOf.narrow })
    expect(page.json).toMatchObject({ data: [{ id: 'acct_own' }], next_cursor: null })
  })
})

describe('400', () => {
  test('a body that is not JSON is said to be so', async () => {
    const answer = await openApi().ask('POST /v1/accounts', { body: '{"email":' })
    expect(problemIn(answer)).toEqual({ status: 400, code: 'body_not_json' })
  })
})

describe('a body that could not be read', () => {
  const headers = { authorization: `Bearer ${keyOf.dashboard}`, 'content-type': 'application/json' }

  test('400: bytes that are not UTF-8 are refused, and create nothing', async () => {
    const { app, ask } = openApi()
    const body = Buffer.concat([
      Buffer.from('{"email":"ada@example.com","name":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ])
    const response = await app.request('/v1/accounts', { method: 'POST', headers, body })
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'body_not_json' }])
    expect((await ask('GET /v1/accounts')).json['data']).toEqual([])
  })

  test.each([33, 60_000])(
    '400: one that is nested %i levels deep is refused before it is parsed',
    async (levels) => {
      const body = `${'['.repeat(levels)}${']'.repeat(levels)}`
      const answer = await openApi().ask('POST /v1/accounts', { body })
      expect(problemIn(answer)).toEqual({ status: 400, code: 'body_too_deep' })
      expect(answer.json['limit']).toBe(32)
    },
  )
})

describe('404', () => {
  const long = 'x'.repeat(201)
  test.each([
    `/v1/accounts/${long}`,
    `/v1/subscriptions/${long}`,
    `/v1/subscriptions/${long}/stream`,
    `/v1/invoices/${long}`,
    `/v1/invoices?account=${long}`,
    `/v1/entitlements/${long}`,
    `/admin/actors/account/${long}`,
    `/admin/actors/${long}/x`,
    '/v1/accounts/a%00b',
  ])('an id that no object could have is unknown: %s', async (path) => {
    const answer = await openApi().ask(`GET ${path}`, { key: keyOf.admin })
    expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})

describe('415', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', ''])(
    'a body of the type "%s" is not read',
    async (type) => {
      const headers = { 'content-type': type }
      const answer = await openApi().ask('POST /v1/accounts', { body: ada, headers })
      expect(problemIn(answer)).toEqual({ status: 415, code: 'content_type_unsupported' })
    },
  )
})

describe('422', () => {
  test.each`
    body                                 | fields                    | why
    ${{}}                                | ${['/email']}             | ${'a missing field is named'}
    ${{ email: 'ada' }}                  | ${['/email']}             | ${'a wrong field is named'}
    ${{ ...ada, currency: 'EURO' }}      | ${['/currency']}          | ${'a currency has three letters'}
    ${{ ...ada, 'a/b~c': 1 }}            | ${['/a~1b~0c']}           | ${'an unknown field is named, by RFC 6901'}
    ${{ ...ada, name: 7, currency: '' }} | ${['/name', '/currency']} | ${'each wrong field is named'}
    ${[]}                                | ${['']}                   | ${'the whole body is wrong'}
    ${{ ...ada, name: 'Ada\0' }}         | ${['/name']}              | ${'a name holds no NUL'}
    ${{ ...ada, name: 'Ada\r\nTo: x' }}  | ${['/name']}              | ${'a name is one line'}
    ${{ ...ada, name: 'A\uD800' }}       | ${['/name']}              | ${'a name holds no half of a character'}
    ${{ email: 'ada\0@example.com' }}    | ${['/email']}             | ${'an address holds no NUL'}
    ${{ email: 'a\uD800@example.com' }}  | ${['/email']}             | ${'an address holds no half of a character'}
  `('$why', async ({ body, fields }) => {
    const answer = await openApi().ask('POST /v1/accounts', { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual(fields)
  })

  test('a list refuses a limit and a cursor that it never gave out, and creates nothing', async () => {
    const api = openApi()
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=%00nonsense', 'other=1']) {
      const answer = await api.ask(`GET /v1/accounts?${query}`)
      expect({ query, ...problemIn(answer) }).toEqual({
        query,
        status: 422,
        code: 'invalid_request',
      })
      expect(wrongFields(answer)).toEqual([`/${query.split('=')[0]}`])
    }
  })

  test('the list of a key that sees some accounts refuses such a cursor too', async () => {
    const answer = await openApi().ask('GET /v1/accounts?cursor=junk', { key: keyOf.narrow })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual(['/cursor'])
  })
})
