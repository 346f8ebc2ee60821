import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../actors/limits.ts'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given, type SampleActor } from '../../test/charts/given.ts'
import {
  customerObserved,
  dunningChanged,
  invoiceChanged,
  subscriptionChanged,
} from '../../test/charts/samples.ts'
import type { SubscriptionChanged } from '../subscription/summary.ts'
import { AccountContext } from './state.ts'

const close: SampleEvent = { type: 'account.close' }

const account = given('account')

const cancelled = ['subscription/sub_1 subscription.cancel']

describe('an account that is closed ends every subscription', () => {
  test.each([
    { why: 'one that runs', events: [subscriptionChanged(1), close] },
    {
      why: 'again, one that was too young to end',
      events: [subscriptionChanged(1, { status: 'incomplete' }), close, subscriptionChanged(3)],
    },
    { why: 'one that is heard of only afterwards', events: [close, subscriptionChanged(1)] },
    {
      why: 'again, where a person closes it again',
      events: [subscriptionChanged(1), close, close],
    },
    {
      why: 'one that we collect from a customer that the provider has removed',
      events: [
        subscriptionChanged(1, { collector: 'platform' }),
        customerObserved({ deleted: true }),
      ],
    },
    {
      why: 'and one that is heard of only after the removal',
      events: [
        customerObserved({ deleted: true }),
        subscriptionChanged(1, { collector: 'platform' }),
      ],
    },
  ])('$why', ({ events }) => {
    account.when(...events).expect({ effects: cancelled })
  })

  test('but leaves to the provider what it collects itself of a customer it has removed', () => {
    const removed = customerObserved({ deleted: true })
    account.when(subscriptionChanged(1), removed).expect({ effects: [] })
    account.when(removed, subscriptionChanged(1)).expect({ effects: [] })
  })

  test('and is closed once the last of them has ended', () => {
    account
      .when(subscriptionChanged(1), close)
      .expect({ state: { lifecycle: 'closing' } })
      .when(subscriptionChanged(2, { status: 'canceled' }))
      .expect({ state: { lifecycle: 'closed' }, effects: [] })
  })

  test('however many there are, with no more effects than an entry may have', () => {
    const all = Array.from({ length: 201 }, (_, n) =>
      subscriptionChanged(1, { subscription: `subscription/sub_${n}` }),
    )
    const running = new Map<string, SubscriptionChanged>(all.map((one) => [one.subscription, one]))
    let closing = account.when(...all, close)
    expect(closing.asked.length).toBeLessThan(defaultLimits.effectsPerEntry)
    const queue = [...closing.asked]
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const one = running.get(next.replace(' subscription.cancel', ''))
      if (one === undefined) continue
      running.delete(one.subscription)
      closing = closing.when({ ...one, version: 2, status: 'canceled' })
      queue.push(...closing.asked)
    }
    expect([...running.keys()]).toEqual([])
    closing.expect({ state: { lifecycle: 'closed' } })
  })
})

describe('an account that is out of use', () => {
  const api = (entitlement: object) => ({ entitlements: { features: { api: entitlement } } })

  test('M5 grants nothing, whatever its subscriptions still say', () => {
    account.when(subscriptionChanged(1)).expect({ context: api({ granted: true }) })
    const refused = { context: api({ granted: false, reason: 'account_closed' }) }
    account.when(subscriptionChanged(1), close).expect(refused)
    account.when(close, subscriptionChanged(1)).expect(refused)
  })

  const incomplete = subscriptionChanged(2, { status: 'incomplete' })
  const card = customerObserved({ defaultPaymentMethod: 'pm_1' })
  test('offers its card to no subscription and no invoice', () => {
    const offered = ['subscription/sub_1 payment_method.available']
    account.when(card, incomplete).expect({ effects: offered })
    account.when(card, close, incomplete).expect({ effects: cancelled })
    const owing = account.when(incomplete, invoiceChanged(1, { failing: true }))
    owing.when(card).expect({ among: ['invoice/in_1 payment_method.available'] })
    owing.when(close, card).expect({ effects: [] })
  })
})

describe('a customer that the provider refused to create', () => {
  const create: SampleEvent = {
    type: 'account.create',
    email: 'ada@example.com',
    name: null,
    currency: 'usd',
    provider: 'stripe',
  }
  const refused: SampleEvent = {
    type: 'effect.rejected',
    effect: 'customer.create',
    code: 'email_invalid',
    message: 'Invalid email address',
  }
  const refresh: SampleEvent = { type: 'refresh' }

  const asked = { kind: 'customer.create', account: 'account/acct_1', email: 'ada@example.com' }

  test('is asked for again by a refresh', () => {
    account.when(create, refused, refresh).expect({ effects: [asked] })
  })

  test('is asked for with another address', () => {
    const email = 'ada@example.org'
    account.when(create, refused, { ...create, email }).expect({ effects: [{ ...asked, email }] })
  })

  test.each([
    { why: 'while the answer is awaited', events: [create] },
    { why: 'while the second answer is awaited', events: [create, refused, refresh] },
  ])('is not asked for twice: $why', ({ events }) => {
    account.when(...events).expect({ refuses: [refresh, create] })
  })
})

test('a second customer that bears the account’s name does not replace the first', () => {
  const second = customerObserved({ customer: 'cus_2', defaultPaymentMethod: 'pm_2' })
  account.when(customerObserved(), second).expect({
    context: {
      customers: { stripe: { facts: { customer: 'cus_1', defaultPaymentMethod: null } } },
    },
  })
})

describe('a card that is being attached', () => {
  test('is waited for until the answer, also where that is older than what is known', () => {
    const attaching = (known: SampleActor) => known.context(AccountContext).attaching
    const asked = account.when(customerObserved(), {
      type: 'payment_method.add',
      provider: 'stripe',
      token: 'tok_visa',
    })
    const saved = customerObserved({ defaultPaymentMethod: 'pm_1' })
    const known = asked.when({ ...saved, at: '2026-01-01T00:05:00.000Z' })
    expect(attaching(known)).not.toEqual({})
    const answered = known.when({ ...saved, read: asked.seq, at: '2026-01-01T00:04:00.000Z' })
    expect(attaching(answered)).toEqual({})
  })
})

describe('what a person decides of bans', () => {
  const banned = { stage: 'bad_debt', banned: true } as const
  const lift: SampleEvent = { type: 'account.unban', reason: 'unpaid:invoice/in_1' }

  test('a ban of dunning that was lifted stays so, whatever else the case tells', () => {
    account
      .when(dunningChanged(1, banned), lift, dunningChanged(2, banned))
      .expect({ state: { standing: 'bad_debt' } })
  })

  test('a case that bans again is heard', () => {
    account
      .when(dunningChanged(1, banned), lift)
      .when(dunningChanged(2, { stage: 'recovered' }), dunningChanged(3, banned))
      .expect({ state: { standing: 'banned' } })
  })

  test.each(['constructor', '__proto__', 'toString'])('%s is a reason like any other', (reason) => {
    const ban: SampleEvent = { type: 'account.ban', reason }
    const unban: SampleEvent = { type: 'account.unban', reason }
    account
      .expect({ takes: [ban], refuses: [unban] })
      .when(ban)
      .expect({ state: { standing: 'banned' }, takes: [unban], refuses: [ban] })
      .when(unban)
      .expect({ state: { standing: 'good' } })
  })
})
