import { describe, expect, test } from 'vitest'
import { openApi, problemIn, wrongFields } from '../../test/harness/api.ts'
import { haveAccount } from '../../test/harness/provider-says.ts'
import { refusedToken } from '../../test/harness/quick-provider.ts'

const path = 'POST /v1/accounts/acct_own/payment-methods'
const visa = { provider: 'stripe', token: 'pm_card_visa' }

describe('202', () => {
  test('what was asked for is not shown until the provider confirms it', async () => {
    const api = openApi({ performer: { provider: 'stripe', kinds: [], perform: async () => [] } })
    await haveAccount(api)
    const answer = await api.ask(path, { body: visa })
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({ payment_methods: [], payment_method_status: 'none' })
  })

  test("the provider's refusal shows on the account, without the token", async () => {
    const api = openApi()
    await haveAccount(api)
    await api.ask(path, { body: { ...visa, token: refusedToken } })
    await api.runtime.idle()
    const account = await api.ask('GET /v1/accounts/acct_own')
    expect(account.json).toMatchObject({ last_rejection: { code: 'card_declined' } })
    expect(account.text).not.toContain(refusedToken)
  })

  test('no log line holds the token or the e-mail', async () => {
    const api = openApi()
    await haveAccount(api)
    await api.ask(path, { body: visa })
    await api.runtime.idle()
    const log = JSON.stringify(api.lines)
    expect(log).toContain('request.answered')
    expect(log).not.toMatch(/pm_card_visa|ada@example\.com|key-of-/)
  })
})

describe('404', () => {
  test('an unknown account gets no payment method, and is not born of the attempt', async () => {
    const api = openApi()
    expect(problemIn(await api.ask(path, { body: visa }))).toEqual({
      status: 404,
      code: 'not_found',
    })
    expect(await api.runtime.read('account/acct_own')).toBeNull()
  })
})

describe('409', () => {
  test('an account whose customer the provider has deleted takes none, and says what is possible', async () => {
    const api = openApi()
    const account = await haveAccount(api)
    const facts = {
      customer: 'cus_acct_own',
      deleted: true,
      email: null,
      defaultPaymentMethod: null,
    }
    const gone = { type: 'customer.observed', provider: 'stripe', read: null, facts }
    await api.tell(account, gone, '2027-01-02T00:00:00.000Z')
    const answer = await api.ask(path, { body: visa })
    expect(problemIn(answer)).toEqual({ status: 409, code: 'not_possible_now' })
    expect(answer.json).toMatchObject({ state: expect.stringContaining('lifecycle.closed') })
    expect(answer.json['possible']).not.toContain('payment_method.add')
  })
})

describe('422', () => {
  test.each`
    body                                        | field          | why
    ${{ provider: 'stripe' }}                   | ${'/token'}    | ${'the token is missing'}
    ${{ provider: 'other', token: 'pm_1' }}     | ${'/provider'} | ${'the provider is unknown'}
    ${{ provider: 'stripe', token: '4242 42' }} | ${'/token'}    | ${'a card number is not a token'}
  `('$why', async ({ body, field }) => {
    const api = openApi()
    await haveAccount(api)
    const answer = await api.ask(path, { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual([field])
  })
})
