import { describe, expect, test } from 'vitest'
import { given, type Outcome } from './given.ts'
import { account, invoiceIssued, invoiceObserved, second } from './samples.ts'

const issued = given('invoice').when({ ...invoiceIssued, periodIndex: 0 })
const pay = { type: 'invoice.pay', paymentMethod: null }

test('an outcome that holds is found to', () => {
  issued.expect({
    state: { status: { open: 'charging' } },
    context: { attempt: 1 },
    effects: { 'payment.charge': [{ attempt: 1, account }], 'object.read': [] },
    among: ['payment.charge', 'subscription/sub_1 invoice.changed'],
    changed: true,
    refuses: [pay],
  })
})

describe('an outcome that does not hold is found out', () => {
  test.each<Outcome & { readonly why: string }>([
    { why: 'another state', state: { status: 'paid' } },
    { why: 'a region that there is not', state: { region: 'open' } },
    { why: 'another value', context: { attempt: 2 } },
    { why: 'no effect, where there is one', effects: [] },
    { why: 'one effect, where there are two', effects: ['payment.charge'] },
    { why: 'none of a kind', effects: { 'payment.charge': [] } },
    { why: 'another of a kind', effects: { 'payment.charge': [{ attempt: 2 }] } },
    { why: 'more of a kind', effects: { 'payment.charge': ['payment.charge', 'payment.charge'] } },
    { why: 'one that is not among them', among: ['object.read'] },
    { why: 'no timer, where there is one', timers: {} },
    { why: 'no change', changed: false },
    { why: 'a request that is refused', takes: [pay] },
    { why: 'a request that is taken', refuses: [invoiceObserved()] },
  ])('$why', ({ why: _why, ...outcome }) => {
    expect(() => issued.expect(outcome)).toThrow(/expected/)
  })

  test('and nothing holds of an actor that was told nothing', () => {
    expect(() => given('invoice').expect({ effects: [] })).toThrow('no invoice yet')
  })
})

test('a request that is refused, and a timer that is not armed, are mistakes of the test', () => {
  expect(() => issued.when(pay)).toThrow('invoice.pay is refused: not_possible_now')
  const unarmed = { type: 'xstate.after.confirmationCheck.invoice.status.open.voiding' }
  expect(() => issued.when(unarmed)).toThrow('no timer')
})

test('an event comes a second after the last, or when it says', () => {
  const charging = 'xstate.after.confirmationCheck.invoice.status.open.charging'
  issued.expect({ timers: { [charging]: second(3601) } })
  given('invoice')
    .when({ ...invoiceIssued, at: second(60) })
    .expect({ timers: { [charging]: second(3660) } })
})
