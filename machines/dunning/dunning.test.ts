import { describe, expect, test } from 'vitest'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given } from '../../test/charts/given.ts'
import {
  customerObserved,
  day,
  dunningChanged,
  invoiceChanged,
  methodObserved,
  second,
} from '../../test/charts/samples.ts'
import { plusDays, plusMs, type Instant } from '../../values/instant.ts'
import { DunningContext } from './state.ts'
import { nextStepAt } from './steps.ts'

const policy: SampleEvent = {
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

/** A case that opens at this time, with this. */
function opened(at: Instant, first: SampleEvent = failing) {
  return given('dunning').when({ ...first, at }, policy)
}

const step = { type: 'xstate.after.nextStep.dunning.collecting' }

const justLate = plusMs(day(4), 1)

describe('the days of a case are counted from when the invoice fell due', () => {
  test.each([
    { why: 'learned of at once', at: second(10), from: day(0) },
    { why: 'learned of as late as a webhook may come', at: day(3), from: day(0) },
    { why: 'to the last millisecond of four days', at: day(4), from: day(0) },
    { why: 'or from its opening, where that is later', at: justLate, from: justLate },
    { why: 'and much later', at: day(25), from: day(25) },
  ])('$why', ({ at, from }) => {
    const case_ = opened(at)
    expect(nextStepAt(case_.context(DunningContext), at)).toBe(from)
    const next = case_.when({ ...step, at: from > at ? from : at })
    expect(nextStepAt(next.context(DunningContext), at)).toBe(plusDays(from, 10))
  })

  test('whatever the invoice tells later', () => {
    const told = opened(second(10)).when({ ...failing, version: 2, dueSince: day(9), at: day(9) })
    expect(nextStepAt(told.context(DunningContext), day(9))).toBe(day(0))
  })
})

describe('a card is demanded', () => {
  const refused = (version: number, code = 'lost_card'): SampleEvent =>
    invoiceChanged(version, { failing: true, hardDecline: code, dueSince: day(0) })
  const anotherCard = (version: number, paymentMethod = 'pm_2'): SampleEvent => ({
    type: 'payment_method.available',
    version,
    paymentMethod,
  })
  const demand = { effects: { 'email.send': [{ template: 'payment_method_required' }] } }
  const noDemand = { effects: { 'email.send': [] } }

  test('at once where the bank has refused for good', () => {
    given('dunning').when(refused(1), policy).expect(demand)
  })

  test('once, however often that refusal is told', () => {
    opened(second(10), refused(1))
      .when({ ...failing, version: 2 })
      .expect(noDemand)
      .when(refused(3))
      .expect(noDemand)
      .when(refused(4, 'stolen_card'))
      .expect(noDemand)
  })

  test('again where the next card is refused for good as well', () => {
    const at = plusMs(day(1), 60_000)
    const summary = { type: 'dunning.changed', enforcedAt: at, refusedMethod: 'pm_2' }
    opened(second(10), refused(1))
      .when({ ...anotherCard(7), at: day(1) })
      .expect(noDemand)
      .when({ ...refused(2), at })
      .expect(demand)
      .expect({ among: [{ kind: 'tell', event: expect.objectContaining(summary) }] })
      .when(refused(3))
      .expect(noDemand)
      .when({ ...anotherCard(9, 'pm_3'), at: day(2) })
      .expect(noDemand)
      .when({ ...refused(4), at: plusMs(day(2), 60_000) })
      .expect(demand)
  })

  test('again also where the first demand was the policy’s', () => {
    opened(second(10))
      .when({ ...step, at: second(20) }, { ...step, at: day(10) })
      .when({ ...anotherCard(7), at: day(11) }, { ...refused(2), at: day(12) })
      .expect(demand)
  })

  test('not again for a refusal that happened before the next card was there', () => {
    opened(second(10), refused(1))
      .when({ ...anotherCard(7), at: day(2) }, { ...refused(2), at: day(1) })
      .expect(noDemand)
  })

  test('and is required of the account until it has one that was not refused', () => {
    const has = (paymentMethod: string, at: Instant): SampleEvent[] => [
      { ...methodObserved({ paymentMethod, createdAt: at }), at },
      { ...customerObserved({ defaultPaymentMethod: paymentMethod }), at },
    ]
    const demands = { enforcedAt: day(1), stage: 'collecting' } as const
    const again = { ...demands, enforcedAt: day(2), refusedMethod: 'pm_2' }
    const offer = { type: 'payment_method.available', paymentMethod: 'pm_2' }
    const required = { state: { paymentMethod: 'required' } }
    const valid = { state: { paymentMethod: 'valid' } }
    given('account')
      .when(...has('pm_1', day(0)), { ...dunningChanged(1, demands), at: day(1) })
      .expect(required)
      .when(...has('pm_2', day(2)))
      .expect(valid)
      .expect({ among: [{ to: 'dunning/in_1', event: expect.objectContaining(offer) }] })
      .when({ ...dunningChanged(2, again), at: day(2) })
      .expect(required)
      .when(...has('pm_3', day(3)))
      .expect(valid)
  })
})
