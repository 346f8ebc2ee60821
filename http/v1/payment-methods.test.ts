import { describe, expect, test } from 'vitest'
import { refusedToken } from '../testing/provider.ts'
import { haveAccount, noOf, openWorld, wrongFields } from '../testing/world.ts'

const path = 'POST /v1/accounts/acct_own/payment-methods'
const visa = { provider: 'stripe', token: 'pm_card_visa' }

describe('202', () => {
  test('what was asked for is not shown until the provider confirms it', async () => {
    const world = openWorld({ performer: { kinds: [], perform: async () => [] } })
    await haveAccount(world)
    const answer = await world.ask(path, { body: visa })
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({ payment_methods: [], payment_method_status: 'none' })
  })

  test("the provider's refusal shows on the account, without the token", async () => {
    const world = openWorld()
    await haveAccount(world)
    await world.ask(path, { body: { ...visa, token: refusedToken } })
    await world.runtime.idle()
    const account = await world.ask('GET /v1/accounts/acct_own')
    expect(account.json).toMatchObject({ last_rejection: { code: 'card_declined' } })
    expect(account.text).not.toContain(refusedToken)
  })

  test('no log line holds the token or the e-mail', async () => {
    const world = openWorld()
    await haveAccount(world)
    await world.ask(path, { body: visa })
    await world.runtime.idle()
    const log = JSON.stringify(world.lines)
    expect(log).toContain('request.answered')
    expect(log).not.toMatch(/pm_card_visa|ada@example\.com|key-of-/)
  })
})

describe('404', () => {
  test('an unknown account gets no payment method, and is not born of the attempt', async () => {
    const world = openWorld()
    expect(noOf(await world.ask(path, { body: visa }))).toEqual({ status: 404, code: 'not_found' })
    expect(await world.runtime.read('account/acct_own')).toBeNull()
  })
})

describe('409', () => {
  test('an account whose customer the provider has deleted takes none, and says what is possible', async () => {
    const world = openWorld()
    const account = await haveAccount(world)
    const facts = {
      customer: 'cus_acct_own',
      deleted: true,
      email: null,
      defaultPaymentMethod: null,
    }
    const gone = { type: 'customer.observed', read: null, facts }
    await world.tell(account, gone, '2027-01-02T00:00:00.000Z')
    const answer = await world.ask(path, { body: visa })
    expect(noOf(answer)).toEqual({ status: 409, code: 'not_possible_now' })
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
    const world = openWorld()
    await haveAccount(world)
    const answer = await world.ask(path, { body })
    expect(noOf(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual([field])
  })
})
