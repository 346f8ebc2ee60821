import { describe, expect, test } from 'vitest'
import { refusedQuantity } from '../testing/provider.ts'
import {
  haveAccount,
  haveActive,
  keyOf,
  noOf,
  openWorld,
  subscriptionSays,
  wrongFields,
} from '../testing/world.ts'

const wanted = { account: 'acct_own', plan: 'pro_monthly' }

describe('202', () => {
  test('M5 a new subscription is incomplete with what the customer must do next, and grants nothing', async () => {
    const world = openWorld()
    await haveAccount(world)
    const made = await world.ask('POST /v1/subscriptions', { body: { ...wanted, quantity: 2 } })
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
    await world.runtime.idle()
    const may = await world.ask('GET /v1/entitlements/acct_own', { key: keyOf.service })
    expect(may.json).toMatchObject({
      features: { api: { granted: false, reason: 'subscription_incomplete' } },
    })
  })

  test('a creation that the provider refuses is answered with the refusal, not after the whole wait', async () => {
    const world = openWorld({ limits: { firstWordMs: 60_000 } })
    await haveAccount(world)
    const made = await world.ask('POST /v1/subscriptions', {
      body: { ...wanted, quantity: refusedQuantity },
    })
    expect(made.json).toMatchObject({
      status: 'incomplete',
      next_action: null,
      last_rejection: { code: 'card_declined' },
    })
  })

  test('where the provider says nothing in time, the answer says what is known', async () => {
    const silent = { kinds: [], perform: async () => [] }
    const world = openWorld({ performer: silent, limits: { firstWordMs: 30 } })
    await haveAccount(world)
    const made = await world.ask('POST /v1/subscriptions', { body: wanted })
    expect(made.json).toMatchObject({ status: 'incomplete', next_action: null })
  })

  test('a platform-collected one is begun like the other', async () => {
    const world = openWorld({ limits: { firstWordMs: 30 } })
    await haveAccount(world)
    const body = { ...wanted, collection: 'platform' }
    const made = await world.ask('POST /v1/subscriptions', { body })
    expect(made.status).toBe(202)
    expect(made.json).toMatchObject({ collection: 'platform', status: 'incomplete' })
  })

  test('a cancellation for the end of the period is shown as asked for until the provider confirms it', async () => {
    const world = openWorld()
    await haveActive(world)
    const body = { at: 'period_end' }
    const answer = await world.ask('POST /v1/subscriptions/sub_one/cancel', { body })
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({
      status: 'active',
      cancellation: 'scheduling',
      cancel_at: null,
    })
  })

  test('a scheduled cancellation can be taken back', async () => {
    const world = openWorld()
    await haveActive(world)
    const says = subscriptionSays('acct_own', 'active')
    const cancelAt = '2027-02-01T00:00:00.000Z'
    const scheduled = { ...says, facts: { ...says.facts, cancelAt } }
    await world.tell('subscription/sub_one', scheduled, '2027-01-02T00:00:00.000Z')
    const answer = await world.ask('POST /v1/subscriptions/sub_one/resume')
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({ cancellation: 'resuming', cancel_at: cancelAt })
  })
})

describe('200', () => {
  test('a subscription shows what the provider confirmed', async () => {
    const world = openWorld()
    await haveActive(world)
    const { json } = await world.ask('GET /v1/subscriptions/sub_one')
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
    const world = openWorld()
    await haveAccount(world, 'acct_other')
    const unknown = await world.ask('POST /v1/subscriptions', { body: wanted })
    expect(noOf(unknown)).toEqual({ status: 404, code: 'not_found' })
    const hidden = await world.ask('POST /v1/subscriptions', {
      key: keyOf.narrow,
      body: { ...wanted, account: 'acct_other' },
    })
    expect(noOf(hidden)).toEqual({ status: 404, code: 'not_found' })
  })

  test('one that is only heard of, and belongs to nobody yet, is not found', async () => {
    const world = openWorld()
    const event = { type: 'subscription.hinted', subscription: 'sub_x' }
    await world.tell('subscription/sub_x', event)
    const answer = await world.ask('GET /v1/subscriptions/sub_x')
    expect(noOf(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})

describe('409', () => {
  test('what the state does not allow is refused with the state and with what is possible', async () => {
    const world = openWorld()
    await haveActive(world)
    const answer = await world.ask('POST /v1/subscriptions/sub_one/resume')
    expect(noOf(answer)).toEqual({ status: 409, code: 'not_possible_now' })
    expect(answer.json).toMatchObject({ state: expect.stringContaining('cancellation.none') })
    expect(answer.json['possible']).toContain('subscription.cancel')
  })

  test('nothing begins on an account that is closed', async () => {
    const world = openWorld()
    const account = await haveAccount(world)
    await world.tell(account, { type: 'account.close' })
    const answer = await world.ask('POST /v1/subscriptions', { body: wanted })
    expect(noOf(answer)).toEqual({ status: 409, code: 'account_closed' })
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
    const world = openWorld()
    await haveAccount(world)
    const answer = await world.ask('POST /v1/subscriptions', { body: { ...wanted, ...body } })
    expect(noOf(answer)).toEqual(expected)
    expect(answer.json['plan']).toBe(body.plan)
  })

  test.each`
    body                              | field            | why
    ${{ ...wanted, quantity: 0 }}     | ${'/quantity'}   | ${'there is no half of a seat, nor none'}
    ${{ ...wanted, quantity: 1.5 }}   | ${'/quantity'}   | ${'a quantity is whole'}
    ${{ ...wanted, collection: 'x' }} | ${'/collection'} | ${'somebody must collect'}
    ${{ plan: 'pro_monthly' }}        | ${'/account'}    | ${'somebody must subscribe'}
  `('$why', async ({ body, field }) => {
    const answer = await openWorld().ask('POST /v1/subscriptions', { body })
    expect(noOf(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual([field])
  })

  test('a cancellation must say when', async () => {
    const world = openWorld()
    await haveActive(world)
    const answer = await world.ask('POST /v1/subscriptions/sub_one/cancel', {
      body: { at: 'soon' },
    })
    expect(wrongFields(answer)).toEqual(['/at'])
  })
})
