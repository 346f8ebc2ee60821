import { describe, expect, test } from 'vitest'
import { createStatechart } from '../../actors/decision/statechart.ts'
import type { Word } from '../../test/charts/explore.ts'
import {
  customerObserved,
  day,
  dunningChanged,
  methodObserved,
  second,
} from '../../test/charts/given.ts'
import type { Instant } from '../../values/instant.ts'
import { accountMachine } from './account.ts'

/** Where an account stands after these words, each at its time. */
function after(...words: readonly (readonly [Instant, Word])[]) {
  const chart = createStatechart(accountMachine)
  let { snapshot } = chart.begin({ id: 'acct_1' })
  for (const [index, [at, word]] of words.entries()) {
    const told = { ...word, at, by: 'operator:ada', seq: index + 1 }
    snapshot = chart.step(snapshot, told).snapshot
  }
  return snapshot.value
}

const customer = [day(0), customerObserved({ defaultPaymentMethod: 'pm_1' })] as const
const january = { expMonth: 1, expYear: 2026 }
const card = [day(0), methodObserved(january)] as const
const expiring: Word = { type: 'xstate.after.untilExpiring.account.paymentMethod.valid' }
const expired: Word = { type: 'xstate.after.untilExpired.account.paymentMethod.expiring' }

describe('what has expired stays so', () => {
  test.each([
    { why: 'a card of this month', words: [customer, card], is: 'valid' },
    {
      why: 'its timer says that a month is left',
      words: [customer, card, [day(1), expiring]],
      is: 'expiring',
    },
    {
      why: 'and then that it is over',
      words: [customer, card, [day(1), expiring], [day(31), expired]],
      is: 'none',
    },
    {
      why: 'a stale word does not turn back time',
      words: [customer, card, [day(1), expiring], [day(0), customerObserved()]],
      is: 'expiring',
    },
    {
      why: 'nor does it bring back an expired card',
      words: [
        customer,
        card,
        [day(1), expiring],
        [day(31), expired],
        [second(-1), methodObserved({ expYear: 2030 })],
      ],
      is: 'none',
    },
    {
      why: 'a card that the network renewed is good again',
      words: [customer, card, [day(1), expiring], [day(32), methodObserved({ expYear: 2030 })]],
      is: 'valid',
    },
  ] as const)('$why: $is', ({ words, is }) => {
    expect(after(...words)).toMatchObject({ paymentMethod: is })
  })
})

describe('bans are a set of reasons', () => {
  const ban = (reason: string): Word => ({ type: 'account.ban', reason })
  const unban = (reason: string): Word => ({ type: 'account.unban', reason })
  test.each([
    { why: 'one reason', words: [[day(0), ban('fraud')]], is: 'banned' },
    {
      why: 'lifted',
      words: [
        [day(0), ban('fraud')],
        [day(1), unban('fraud')],
      ],
      is: 'good',
    },
    {
      why: 'lifting one keeps the other',
      words: [
        [day(0), ban('fraud')],
        [day(1), ban('dispute')],
        [day(2), unban('fraud')],
      ],
      is: 'banned',
    },
    {
      why: 'a debt that is paid lifts its own ban and no other',
      words: [
        [day(0), ban('fraud')],
        [day(1), dunningChanged(1, { banned: true, stage: 'bad_debt' })],
        [day(2), dunningChanged(2, { stage: 'recovered' })],
      ],
      is: 'banned',
    },
    {
      why: 'and is good again where that was the only reason',
      words: [
        [day(1), dunningChanged(1, { banned: true, stage: 'bad_debt' })],
        [day(2), dunningChanged(2, { stage: 'recovered' })],
      ],
      is: 'good',
    },
  ] as const)('$why: $is', ({ words, is }) => {
    expect(after(...words)).toMatchObject({ standing: is })
  })
})
