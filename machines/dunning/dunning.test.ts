import { describe, expect, test } from 'vitest'
import type { Word } from '../../test/charts/explore.ts'
import {
  customerObserved,
  day,
  dunningChanged,
  invoiceChanged,
  methodObserved,
  second,
} from '../../test/charts/given.ts'
import { live } from '../../test/charts/live.ts'
import { plusDays, plusMs, type Instant } from '../../values/instant.ts'
import type { EffectRequest } from '../effects.ts'
import { DunningContext } from './state.ts'
import { nextStepAt } from './steps.ts'

const policy: Word = {
  type: 'policy.given',
  policy: {
    id: 'standard',
    version: 1,
    steps: [
      { day: 0, do: 'email', template: 'payment_failed' },
      { day: 10, do: 'enforce', template: 'payment_method_required' },
      { day: 15, do: 'write_off' },
      { day: 20, do: 'ban' },
    ],
  },
}

const failing = invoiceChanged(1, { failing: true, dueSince: day(0) })

/** A case whose first word comes at this time. */
function opened(at: Instant, first: Word = failing) {
  const actor = live('dunning', 'in_1')
  actor.tell(first, at)
  actor.tell(policy, plusMs(at, 1000))
  return actor
}

function mails(effects: readonly EffectRequest[]): string[] {
  return effects.flatMap((effect) => (effect.kind === 'email.send' ? [effect.template] : []))
}

describe('the days of a case are counted from when the invoice fell due', () => {
  test.each([
    { why: 'learned of at once', at: second(10), from: day(0) },
    { why: 'learned of as late as a webhook may come', at: day(3), from: day(0) },
    { why: 'or from its opening, where that is later still', at: day(25), from: day(25) },
  ])('$why', ({ at, from }) => {
    const { context, tell } = opened(at)
    const known = () => DunningContext.parse(context())
    expect(nextStepAt(known(), at)).toBe(from)
    tell({ type: 'xstate.after.nextStep.dunning.collecting' }, from > at ? from : at)
    expect(nextStepAt(known(), at)).toBe(plusDays(from, 10))
  })

  test('whatever the invoice tells later', () => {
    const { context, tell } = opened(second(10))
    tell({ ...failing, version: 2, dueSince: day(9) }, day(9))
    expect(nextStepAt(DunningContext.parse(context()), day(9))).toBe(day(0))
  })
})

describe('a card is demanded', () => {
  const refused = (version: number, code = 'lost_card'): Word =>
    invoiceChanged(version, { failing: true, hardDecline: code, dueSince: day(0) })
  const anotherCard = (version: number, paymentMethod = 'pm_2'): Word => ({
    type: 'payment_method.available',
    version,
    paymentMethod,
  })
  const demand = ['payment_method_required']

  test('at once where the bank has refused for good', () => {
    const actor = live('dunning', 'in_1')
    actor.tell(refused(1))
    expect(mails(actor.tell(policy))).toEqual(demand)
  })

  test('once, however often that refusal is told', () => {
    const actor = opened(second(10), refused(1))
    expect(mails(actor.tell({ ...failing, version: 2 }))).toEqual([])
    expect(mails(actor.tell(refused(3)))).toEqual([])
    expect(mails(actor.tell(refused(4, 'stolen_card')))).toEqual([])
  })

  test('again where the next card is refused for good as well', () => {
    const actor = opened(second(10), refused(1))
    expect(mails(actor.tell(anotherCard(7), day(1)))).toEqual([])
    const told = actor.tell(refused(2), plusMs(day(1), 60_000))
    expect(mails(told)).toEqual(demand)
    expect(told).toContainEqual(
      expect.objectContaining({
        event: expect.objectContaining({
          type: 'dunning.changed',
          enforcedAt: plusMs(day(1), 60_000),
          refusedMethod: 'pm_2',
        }),
      }),
    )
    expect(mails(actor.tell(refused(3)))).toEqual([])
    expect(mails(actor.tell(anotherCard(9, 'pm_3'), day(2)))).toEqual([])
    expect(mails(actor.tell(refused(4), plusMs(day(2), 60_000)))).toEqual(demand)
  })

  test('again also where the first demand was the policy’s', () => {
    const actor = opened(second(10))
    actor.tell({ type: 'xstate.after.nextStep.dunning.collecting' }, second(20))
    actor.tell({ type: 'xstate.after.nextStep.dunning.collecting' }, day(10))
    actor.tell(anotherCard(7), day(11))
    expect(mails(actor.tell(refused(2), day(12)))).toEqual(demand)
  })

  test('not again for a refusal that happened before the next card was there', () => {
    const actor = opened(second(10), refused(1))
    actor.tell(anotherCard(7), day(2))
    expect(mails(actor.tell(refused(2), day(1)))).toEqual([])
  })

  test('and is required of the account until it has one that was not refused', () => {
    const actor = live('account', 'acct_1')
    const has = (paymentMethod: string, at: Instant) => {
      actor.tell(methodObserved({ paymentMethod, createdAt: at }), at)
      return actor.tell(customerObserved({ defaultPaymentMethod: paymentMethod }), at)
    }
    const demands = { enforcedAt: day(1), stage: 'collecting' } as const
    has('pm_1', day(0))
    actor.tell(dunningChanged(1, demands), day(1))
    expect(actor.state()).toMatchObject({ paymentMethod: 'required' })
    expect(has('pm_2', day(2))).toContainEqual({
      kind: 'tell',
      to: 'dunning/in_1',
      event: { type: 'payment_method.available', paymentMethod: 'pm_2' },
    })
    expect(actor.state()).toMatchObject({ paymentMethod: 'valid' })
    actor.tell(dunningChanged(2, { ...demands, enforcedAt: day(2), refusedMethod: 'pm_2' }), day(2))
    expect(actor.state()).toMatchObject({ paymentMethod: 'required' })
    has('pm_3', day(3))
    expect(actor.state()).toMatchObject({ paymentMethod: 'valid' })
  })
})
