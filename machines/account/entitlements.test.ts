import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  day,
  dunningChanged,
  second,
  subscriptionChanged,
  terms,
} from '../../test/charts/samples.ts'
import type { DunningChanged } from '../dunning/summary.ts'
import type { SubscriptionChanged } from '../subscription/summary.ts'
import { deriveEntitlements } from './derive-entitlements.ts'
import { type AccountContext, emptyAccount } from './state.ts'

const now = { at: second(0), seq: 7 }

interface Summaries {
  readonly subscriptions?: readonly SubscriptionChanged[]
  readonly cases?: readonly DunningChanged[]
  readonly bans?: AccountContext['bans']
}

function accountTold({ subscriptions = [], cases = [], bans = {} }: Summaries): AccountContext {
  return {
    ...emptyAccount('acct_1'),
    bans,
    subscriptions: Object.fromEntries(subscriptions.map((one) => [one.subscription, one])),
    cases: Object.fromEntries(cases.map((one) => [one.invoice, one])),
  }
}

describe('M5 a feature is granted by a subscription that is confirmed to run, and by nothing else', () => {
  test.each`
    status                  | granted  | reason
    ${'active'}             | ${true}  | ${'subscription_active'}
    ${'trialing'}           | ${true}  | ${'subscription_trialing'}
    ${'past_due'}           | ${true}  | ${'subscription_past_due'}
    ${'incomplete'}         | ${false} | ${'subscription_incomplete'}
    ${'incomplete_expired'} | ${false} | ${'subscription_ended'}
    ${'canceled'}           | ${false} | ${'subscription_ended'}
    ${'unpaid'}             | ${false} | ${'subscription_unpaid'}
    ${'paused'}             | ${false} | ${'subscription_paused'}
    ${'unheard-of'}         | ${false} | ${'subscription_unknown'}
  `('$status: $reason', ({ status, granted, reason }) => {
    const told = accountTold({ subscriptions: [subscriptionChanged(1, { status })] })
    const { features } = deriveEntitlements(told, now)
    expect(features['projects']).toMatchObject({ granted, reason, limit: granted ? 50 : null })
  })
})

describe('a reason against the account refuses what a subscription would grant', () => {
  const running = subscriptionChanged(1)
  const ended = subscriptionChanged(1, { status: 'canceled' })
  test.each([
    { why: 'a ban', told: { bans: { fraud: { by: 'x', at: day(0) } } }, reason: 'banned' },
    {
      why: 'a bad debt',
      told: { cases: [dunningChanged(1, { stage: 'bad_debt' })] },
      reason: 'bad_debt',
    },
    {
      why: 'a restriction',
      told: { cases: [dunningChanged(1, { restricted: true })] },
      reason: 'restricted',
    },
  ])('$why: $reason', ({ told, reason }) => {
    const { features } = deriveEntitlements(accountTold({ subscriptions: [running], ...told }), now)
    expect(features['api']).toMatchObject({ granted: false, reason })
  })

  test('but an ended subscription explains itself better than a debt does', () => {
    const told = { subscriptions: [ended], cases: [dunningChanged(1, { stage: 'bad_debt' })] }
    const { features } = deriveEntitlements(accountTold(told), now)
    expect(features['api']?.reason).toBe('subscription_ended')
  })
})

describe('where two subscriptions speak of one feature', () => {
  const other = { subscription: 'subscription/sub_0' } as const
  const more = { ...terms, features: { projects: 80 } }
  test('the larger limit wins, whichever was there first', () => {
    for (const change of [other, { subscription: 'subscription/sub_9' } as const]) {
      const told = [subscriptionChanged(1), subscriptionChanged(1, { ...change, terms: more })]
      const { features } = deriveEntitlements(accountTold({ subscriptions: told }), now)
      expect(features['projects']).toMatchObject({ limit: 80, subscription: change.subscription })
    }
  })

  test('a grant beats a refusal', () => {
    const told = [
      subscriptionChanged(1),
      subscriptionChanged(1, { ...other, terms: more, status: 'canceled' }),
    ]
    const { features } = deriveEntitlements(accountTold({ subscriptions: told }), now)
    expect(features['projects']).toMatchObject({ granted: true, limit: 50 })
  })
})

test('the version only grows, and does so exactly when what may be used changes', () => {
  const statuses = fc.array(fc.constantFrom('active', 'past_due', 'canceled', 'incomplete'))
  fc.assert(
    fc.property(statuses, (all) => {
      let context = accountTold({})
      for (const [index, status] of all.entries()) {
        const told = accountTold({ subscriptions: [subscriptionChanged(index + 1, { status })] })
        const before = context.entitlements
        const next = { ...told, entitlements: before }
        const after = deriveEntitlements(next, { at: second(index), seq: index + 1 })
        const { version: _before, at: _at, ...old } = before
        const { version, at: _now, ...current } = after
        const isSame = JSON.stringify(old) === JSON.stringify(current) && before.version > 0
        expect(version).toBe(isSame ? before.version : index + 1)
        context = { ...next, entitlements: after }
      }
    }),
  )
})
