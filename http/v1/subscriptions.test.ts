import { describe, expect, test } from 'vitest'
import { openApi, problemIn, wrongFields } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveAccount, haveActive, subscriptionSays } from '../../test/harness/provider-says.ts'
import { refusedQuantity } from '../../test/harness/quick-provider.ts'

const wanted = { account: 'acct_own', plan: 'pro_monthly' }

describe('202', () => {
  test('M5 a new subscription is incomplete with what the customer must do next, and grants nothing', async () => {
    const api = openApi()
    await haveAccount(api)
    const made = await api.ask('POST /v1/subscriptions', { body: { ...wanted, quantity: 2 } })
    expect(made.status).toBe(202)
    const id = String(made.json['id'])
    expect(made.json).toMatchObject({
      object: 'subscription',
      ...wanted,
      quantity: 2,
      amount: 5800,
      currency: 'usd',
      collection: 'provider',
      status: 'incomplete',
      next_action: {
        type: 'confirm_payment',
        client_secret: `pi_${id}_secret`,
        redirect_url: null,
        decline_code: null,
      },
    })
    await api.runtime.idle()
    const may = await api.ask('GET /v1/entitlements/acct_own', { key: keyOf.service })
    expect(may.json).toMatchObject({
      features: { api: { granted: false, reason: 'subscription_incomplete' } },
    })
  })

  test('a creation that the provider refuses is answered with the refusal, not after the whole wait', async () => {
    const api = openApi()
    await haveAccount(api)
    const made = await api.ask('POST /v1/subscriptions', {
      body: { ...wanted, quantity: refusedQuantity },
    })
    expect(made.json).toMatchObject({
      status: 'incomplete_expired',
      next_action: null,
      last_rejection: { code: 'card_declined' },
    })
    expect(api.timers.nowMs()).toBe(0)
  })

  test('where the provider says nothing in time, the answer says what is known', async () => {
    const silent = { provider: 'stripe', kinds: [], perform: async () => [] }
    const api = openApi({ performer: silent })
    await haveAccount(api)
    const made = await api.ask('POST /v1/subscriptions', { body: wanted })
    expect(made.json).toMatchObject({ status: 'incomplete', next_action: null })
  })

  test('a platform-collected one is begun like the other', async () => {
    const api = openApi()
    await haveAccount(api)
    const body = { ...wanted, collection: 'platform' }
    const made = await api.ask('POST /v1/subscriptions', { body })
    expect(made.status).toBe(202)
    expect(made.json).toMatchObject({ collection: 'platform', status: 'incomplete' })
  })

  test('a cancellation for the end of the period is shown as asked for until the provider confirms it', async () => {
    const api = openApi()
    await haveActive(api)
    const body = { at: 'period_end' }
    const answer = await api.ask('POST /v1/subscriptions/sub_one/cancel', { body })
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({
      status: 'active',
      cancellation: 'scheduling',
      cancel_at: null,
    })
  })

  test('a scheduled cancellation can be taken back', async () => {
    const api = openApi()
    await haveActive(api)
    const says = subscriptionSays('acct_own', 'active')
    const cancelAt = '2027-02-01T00:00:00.000Z'
    const scheduled = { ...says, facts: { ...says.facts, cancelAt } }
    await api.tell('subscription/sub_one', scheduled, '2027-01-02T00:00:00.000Z')
    const answer = await api.ask('POST /v1/subscriptions/sub_one/resume')
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({ cancellation: 'resuming', cancel_at: cancelAt })
  })
})

describe('200', () => {
  test('a subscription shows what the provider confirmed', async () => {
    const api = openApi()
    await haveActive(api)
    const { json } = await api.ask('GET /v1/subscriptions/sub_one')
    expect(json).toMatchObject({
      status: 'active',
      plan: 'pro_monthly',
      next_action: null,
      current_period_start: '2027-01-01T00:00:00.000Z',
      current_period_end: '2027-02-01T00:00:00.000Z',
      latest_invoice: 'in_one',
    })
  })
})

describe('404', () => {
  test('no subscription begins on an unknown account, nor on one that the key may not see', async () => {
    const api = openApi()
    await haveAccount(api, 'acct_other')
    const unknown = await api.ask('POST /v1/subscriptions', { body: wanted })
    expect(problemIn(unknown)).toEqual({ status: 404, code: 'not_found' })
    const hidden = await api.ask('POST /v1/subscriptions', {
      key: keyOf.narrow,
      body: { ...wanted, account: 'acct_other' },
    })
    expect(problemIn(hidden)).toEqual({ status: 404, code: 'not_found' })
  })

  test('one that is only heard of, and belongs to nobody yet, is not found', async () => {
    const api = openApi()
    const event = { type: 'subscription.hinted', provider: 'stripe', subscription: 'sub_x' }
    await api.tell('subscription/sub_x', event)
    const answer = await api.ask('GET /v1/subscriptions/sub_x')
    expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})

describe('409', () => {
  test('what the state does not allow is refused with the state and with what is possible', async () => {
    const api = openApi()
    await haveActive(api)
    const answer = await api.ask('POST /v1/subscriptions/sub_one/resume')
    expect(problemIn(answer)).toEqual({ status: 409, code: 'not_possible_now' })
    expect(answer.json).toMatchObject({ state: expect.stringContaining('cancellation.none') })
    expect(answer.json['possible']).toContain('subscription.cancel')
  })

  test('nothing begins on an account that is closed', async () => {
    const api = openApi()
    const account = await haveAccount(api)
    await api.tell(account, { type: 'account.close' })
    const answer = await api.ask('POST /v1/subscriptions', { body: wanted })
    expect(problemIn(answer)).toEqual({ status: 409, code: 'account_closed' })
  })
})

describe('422', () => {
  const refusals = [
    [{ plan: 'nope' }, { status: 422, code: 'plan_unknown' }],
    [{ plan: 'pro_old' }, { status: 422, code: 'plan_archived' }],
    [{ plan: 'pro_euro' }, { status: 422, code: 'plan_currency_mismatch' }],
    [
      { plan: 'pro_trial', collection: 'platform' },
      { status: 422, code: 'trial_needs_provider' },
    ],
  ] as const
  test.each(refusals)('%o is not sold to this account', async (body, expected) => {
    const api = openApi()
    await haveAccount(api)
    const answer = await api.ask('POST /v1/subscriptions', { body: { ...wanted, ...body } })
    expect(problemIn(answer)).toEqual(expected)
    expect(answer.json['plan']).toBe(body.plan)
  })

  test.each`
    body                              | field            | why
    ${{ ...wanted, quantity: 0 }}     | ${'/quantity'}   | ${'there is no half of a seat, nor none'}
    ${{ ...wanted, quantity: 1.5 }}   | ${'/quantity'}   | ${'a quantity is whole'}
    ${{ ...wanted, collection: 'x' }} | ${'/collection'} | ${'somebody must collect'}
    ${{ plan: 'pro_monthly' }}        | ${'/account'}    | ${'somebody must subscribe'}
  `('$why', async ({ body, field }) => {
    const answer = await openApi().ask('POST /v1/subscriptions', { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual([field])
  })

  test('a cancellation must say when', async () => {
    const api = openApi()
    await haveActive(api)
    const answer = await api.ask('POST /v1/subscriptions/sub_one/cancel', {
      body: { at: 'soon' },
    })
    expect(wrongFields(answer)).toEqual(['/at'])
  })
})
