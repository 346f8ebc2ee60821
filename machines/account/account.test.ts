import { describe, test } from 'vitest'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given } from '../../test/charts/given.ts'
import {
  customerObserved,
  day,
  dunningChanged,
  methodObserved,
  second,
} from '../../test/charts/samples.ts'

const customer = { ...customerObserved({ defaultPaymentMethod: 'pm_1' }), at: day(0) }
const january = { expMonth: 1, expYear: 2026 }
const card = { ...methodObserved(january), at: day(0) }
const expiring: SampleEvent = {
  type: 'xstate.after.untilExpiring.account.paymentMethod.valid',
  at: day(1),
}
const expired: SampleEvent = {
  type: 'xstate.after.untilExpired.account.paymentMethod.expiring',
  at: day(31),
}

describe('what has expired stays so', () => {
  test.each([
    { why: 'a card of this month', events: [customer, card], is: 'valid' },
    {
      why: 'its timer says that a month is left',
      events: [customer, card, expiring],
      is: 'expiring',
    },
    {
      why: 'and then that it is over',
      events: [customer, card, expiring, expired],
      is: 'none',
    },
    {
      why: 'a stale word does not turn back time',
      events: [customer, card, expiring, { ...customerObserved(), at: day(0) }],
      is: 'expiring',
    },
    {
      why: 'nor does it bring back an expired card',
      events: [
        customer,
        card,
        expiring,
        expired,
        { ...methodObserved({ expYear: 2030 }), at: second(-1) },
      ],
      is: 'none',
    },
    {
      why: 'a card that the network renewed is good again',
      events: [customer, card, expiring, { ...methodObserved({ expYear: 2030 }), at: day(32) }],
      is: 'valid',
    },
  ] as const)('$why: $is', ({ events, is }) => {
    given('account')
      .when(...events)
      .expect({ state: { paymentMethod: is } })
  })
})

describe('bans are a set of reasons', () => {
  const ban = (reason: string): SampleEvent => ({ type: 'account.ban', reason })
  const unban = (reason: string): SampleEvent => ({ type: 'account.unban', reason })
  test.each([
    { why: 'one reason', events: [ban('fraud')], is: 'banned' },
    {
      why: 'lifted',
      events: [ban('fraud'), unban('fraud')],
      is: 'good',
    },
    {
      why: 'lifting one keeps the other',
      events: [ban('fraud'), ban('dispute'), unban('fraud')],
      is: 'banned',
    },
    {
      why: 'a debt that is paid lifts its own ban and no other',
      events: [
        ban('fraud'),
        dunningChanged(1, { banned: true, stage: 'bad_debt' }),
        dunningChanged(2, { stage: 'recovered' }),
      ],
      is: 'banned',
    },
    {
      why: 'and is good again where that was the only reason',
      events: [
        dunningChanged(1, { banned: true, stage: 'bad_debt' }),
        dunningChanged(2, { stage: 'recovered' }),
      ],
      is: 'good',
    },
  ] as const)('$why: $is', ({ events, is }) => {
    given('account')
      .when(...events)
      .expect({ state: { standing: is } })
  })
})
