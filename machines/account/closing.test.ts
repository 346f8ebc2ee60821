import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../actors/limits.ts'
import type { Word } from '../../test/charts/explore.ts'
import {
  customerObserved,
  dunningChanged,
  invoiceChanged,
  subscriptionChanged,
} from '../../test/charts/given.ts'
import { live } from '../../test/charts/live.ts'
import type { EffectRequest } from '../effects.ts'
import type { SubscriptionChanged } from '../subscription/summary.ts'
import { AccountContext } from './state.ts'

const close: Word = { type: 'account.close' }

function account(...words: readonly Word[]) {
  const actor = live('account', 'acct_1')
  const told = words.map((word) => actor.tell(word))
  return { ...actor, asked: told.at(-1) ?? [] }
}

function told(effects: readonly EffectRequest[]): string[] {
  return effects.map((effect) =>
    effect.kind === 'tell' ? `${effect.to} ${effect.event.type}` : effect.kind,
  )
}

const cancelled = ['subscription/sub_1 subscription.cancel']

describe('an account that is closed ends every subscription', () => {
  test.each([
    { why: 'one that runs', words: [subscriptionChanged(1), close] },
    {
      why: 'again, one that was too young to end',
      words: [subscriptionChanged(1, { status: 'incomplete' }), close, subscriptionChanged(3)],
    },
    { why: 'one that is heard of only afterwards', words: [close, subscriptionChanged(1)] },
    {
      why: 'again, where a person closes it again',
      words: [subscriptionChanged(1), close, close],
    },
    {
      why: 'one that we collect from a customer that the provider has removed',
      words: [
        subscriptionChanged(1, { collector: 'platform' }),
        customerObserved({ deleted: true }),
      ],
    },
    {
      why: 'and one that is heard of only after the removal',
      words: [
        customerObserved({ deleted: true }),
        subscriptionChanged(1, { collector: 'platform' }),
      ],
    },
  ])('$why', ({ words }) => {
    expect(told(account(...words).asked)).toEqual(cancelled)
  })

  test('but leaves to the provider what it collects itself of a customer that it has removed', () => {
    const removed = customerObserved({ deleted: true })
    expect(account(subscriptionChanged(1), removed).asked).toEqual([])
    expect(account(removed, subscriptionChanged(1)).asked).toEqual([])
  })

  test('and is closed once the last of them has ended', () => {
    const ended = subscriptionChanged(2, { status: 'canceled' })
    expect(account(subscriptionChanged(1), close).state()).toMatchObject({ lifecycle: 'closing' })
    const closed = account(subscriptionChanged(1), close, ended)
    expect(closed.state()).toMatchObject({ lifecycle: 'closed' })
    expect(closed.asked).toEqual([])
  })

  test('however many there are, with no more effects than an entry may have', () => {
    const { tell, state } = account()
    const running = new Map<string, SubscriptionChanged>()
    for (let n = 0; n < 201; n += 1) {
      const one = subscriptionChanged(1, { subscription: `subscription/sub_${n}` })
      running.set(one.subscription, one)
      tell(one)
    }
    const queue = tell(close)
    expect(queue.length).toBeLessThan(defaultLimits.effectsPerEntry)
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const one = next.kind === 'tell' ? running.get(next.to) : undefined
      if (one === undefined) continue
      running.delete(one.subscription)
      queue.push(...tell({ ...one, version: 2, status: 'canceled' }))
    }
    expect([...running.keys()]).toEqual([])
    expect(state()).toMatchObject({ lifecycle: 'closed' })
  })
})

describe('an account that is out of use', () => {
  test('M5 grants nothing, whatever its subscriptions still say', () => {
    const open = AccountContext.parse(account(subscriptionChanged(1)).context())
    expect(open.entitlements.features['api']?.granted).toBe(true)
    for (const words of [
      [subscriptionChanged(1), close],
      [close, subscriptionChanged(1)],
    ]) {
      const { entitlements } = AccountContext.parse(account(...words).context())
      expect(entitlements.features['api']).toMatchObject({
        granted: false,
        reason: 'account_closed',
      })
    }
  })

  const incomplete = subscriptionChanged(2, { status: 'incomplete' })
  const card = customerObserved({ defaultPaymentMethod: 'pm_1' })
  test('offers its card to no subscription and no invoice', () => {
    const offered = ['subscription/sub_1 payment_method.available']
    expect(told(account(card, incomplete).asked)).toEqual(offered)
    expect(told(account(card, close, incomplete).asked)).toEqual(cancelled)
    const owing = [incomplete, invoiceChanged(1, { failing: true })]
    expect(told(account(...owing, card).asked)).toContain('invoice/in_1 payment_method.available')
    expect(told(account(...owing, close, card).asked)).toEqual([])
  })
})

describe('a customer that the provider refused to create', () => {
  const create: Word = {
    type: 'account.create',
    email: 'ada@example.com',
    name: null,
    currency: 'usd',
    provider: 'stripe',
  }
  const refused: Word = {
    type: 'effect.rejected',
    effect: 'customer.create',
    code: 'email_invalid',
    message: 'Invalid email address',
  }
  const refresh: Word = { type: 'refresh' }

  test('is asked for again by a refresh', () => {
    expect(account(create, refused, refresh).asked).toMatchObject([
      { kind: 'customer.create', account: 'account/acct_1', email: 'ada@example.com' },
    ])
  })

  test('is asked for with another address', () => {
    expect(account(create, refused, { ...create, email: 'ada@example.org' }).asked).toMatchObject([
      { kind: 'customer.create', email: 'ada@example.org' },
    ])
  })

  test.each([
    { why: 'while the answer is awaited', words: [create] },
    { why: 'while the second answer is awaited', words: [create, refused, refresh] },
  ])('is not asked for twice: $why', ({ words }) => {
    const { takes } = account(...words)
    expect([takes(refresh), takes(create)]).toEqual([false, false])
  })
})

test('a second customer that bears the account’s name does not replace the first', () => {
  const second = customerObserved({ customer: 'cus_2', defaultPaymentMethod: 'pm_2' })
  const { customers } = AccountContext.parse(account(customerObserved(), second).context())
  expect(customers.stripe?.facts).toMatchObject({ customer: 'cus_1', defaultPaymentMethod: null })
})

describe('a card that is being attached', () => {
  test('is waited for until the answer, also where that is older than what is known', () => {
    const actor = account(customerObserved())
    const asked = actor.seq()
    actor.tell({ type: 'payment_method.add', provider: 'stripe', token: 'tok_visa' })
    actor.tell(customerObserved({ defaultPaymentMethod: 'pm_1' }), '2026-01-01T00:05:00.000Z')
    expect(AccountContext.parse(actor.context()).attaching).not.toEqual({})
    const answer = { ...customerObserved({ defaultPaymentMethod: 'pm_1' }), read: asked }
    actor.tell(answer, '2026-01-01T00:04:00.000Z')
    expect(AccountContext.parse(actor.context()).attaching).toEqual({})
  })
})

describe('what a person decides of bans', () => {
  const banned = { stage: 'bad_debt', banned: true } as const
  const lift: Word = { type: 'account.unban', reason: 'unpaid:invoice/in_1' }

  test('a ban of dunning that was lifted stays so, whatever else the case tells', () => {
    const actor = account(dunningChanged(1, banned), lift, dunningChanged(2, banned))
    expect(actor.state()).toMatchObject({ standing: 'bad_debt' })
  })

  test('a case that bans again is heard', () => {
    const actor = account(
      dunningChanged(1, banned),
      lift,
      dunningChanged(2, { stage: 'recovered' }),
      dunningChanged(3, banned),
    )
    expect(actor.state()).toMatchObject({ standing: 'banned' })
  })

  test.each(['constructor', '__proto__', 'toString'])('%s is a reason like any other', (reason) => {
    const ban: Word = { type: 'account.ban', reason }
    const unban: Word = { type: 'account.unban', reason }
    const { takes, tell, state } = account()
    expect([takes(ban), takes(unban)]).toEqual([true, false])
    tell(ban)
    expect(state()).toMatchObject({ standing: 'banned' })
    expect([takes(ban), takes(unban)]).toEqual([false, true])
    tell(unban)
    expect(state()).toMatchObject({ standing: 'good' })
  })
})
