import { describe, expect, test } from 'vitest'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given } from '../../test/charts/given.ts'
import {
  day,
  invoiceIssued as issued,
  invoiceObserved,
  paymentChanged,
  second,
} from '../../test/charts/samples.ts'

const invoice = given('invoice')

const submitted = (attempt: number, change: object = {}): SampleEvent => ({
  type: 'charge.submitted',
  attempt,
  status: 'processing',
  paymentIntent: `pi_${attempt}`,
  clientSecret: null,
  nextActionUrl: null,
  paymentMethod: 'pm_1',
  ...change,
})
const ended = (attempt: number, status: string, declineCode: string | null = null): SampleEvent =>
  paymentChanged(attempt * 10, { payment: `payment/pi_${attempt}`, attempt, status, declineCode })
const offered = (paymentMethod: string): SampleEvent => ({
  type: 'payment_method.available',
  version: 9,
  paymentMethod,
})
const declined = (code: string) => ended(1, 'requires_payment_method', code)
const pay = (paymentMethod: string | null): SampleEvent => ({ type: 'invoice.pay', paymentMethod })
/** The payment of the first attempt, after what was said of it before. */
const released = paymentChanged(11, { status: 'canceled' })
const charge = (attempt: number, paymentMethod: string | null = null) => ({
  'payment.charge': [{ attempt, paymentMethod }],
})
const noCharge = { 'payment.charge': [] }

describe('an invoice that the platform collects', () => {
  test('M1 makes no further attempt while one that was asked for is unanswered', () => {
    const charging = invoice
      .when(issued, { type: 'invoice.written_off', version: 3 })
      .expect({ state: { status: { open: 'charging' } }, refuses: [pay(null)] })
    charging
      .when(submitted(1), declined('insufficient_funds'))
      .expect({ state: { status: 'uncollectible' } })
  })

  test('M1 begins the next attempt only once the last is confirmed to be cancelled', () => {
    invoice
      .when(issued, submitted(1), declined('insufficient_funds'))
      .when({ type: 'charge.due', version: 4, step: 1 })
      .expect({ state: { status: { open: 'releasing' } }, effects: noCharge })
      .when(released)
      .expect({ effects: charge(2) })
  })

  test('tries a card that came during an attempt as soon as that attempt has failed', () => {
    invoice
      .when(issued, offered('pm_2'), submitted(1), declined('lost_card'), released)
      .expect({ effects: charge(2, 'pm_2') })
  })

  test('does not try the card again that it was charged with', () => {
    invoice
      .when(issued, offered('pm_1'), submitted(1), declined('lost_card'))
      .expect({ state: { status: { open: 'retry_scheduled' } } })
      .when(offered('pm_1'))
      .expect({ effects: [], changed: false })
  })

  test('charges the method that was asked for', () => {
    invoice
      .when(issued, submitted(1), declined('insufficient_funds'), pay('pm_7'), released)
      .expect({ effects: charge(2, 'pm_7') })
  })

  describe('that is to be void', () => {
    const voided = { type: 'invoice.void' }
    const refund = { kind: 'payment.refund', provider: 'stripe', paymentIntent: 'pi_1' }
    const mailOf = (amountMinor: number) => ({
      kind: 'email.send',
      template: 'payment_returned',
      data: { invoice: 'in_1', amountMinor, currency: 'usd' },
    })

    test('before it is there charges nothing', () => {
      invoice.when(voided, issued).expect({ state: { status: 'void' }, effects: noCharge })
    })

    test.each([
      { end: 'canceled', refunds: [] },
      { end: 'succeeded', refunds: [refund] },
    ])('M6 during an attempt cancels that first: $end, nothing is kept', ({ end, refunds }) => {
      invoice
        .when({ ...issued, onSession: true }, voided)
        .expect({ state: { status: { open: 'charging' } } })
        .when(submitted(1, { status: 'requires_action' }))
        .expect({ among: [{ kind: 'payment_intent.cancel', paymentIntent: 'pi_1' }] })
        .when(ended(1, end))
        .expect({
          state: { status: 'void' },
          effects: { 'payment.refund': refunds, 'email.send': [] },
        })
    })

    test('M6 though no charge was found, sends back what comes all the same', () => {
      const notWanted = { type: 'effect.not_wanted', effect: 'payment.charge', id: 'x' }
      invoice
        .when(issued, voided, { ...notWanted, asked: { attempt: 1 } })
        .expect({ state: { status: 'void' }, effects: [] })
        .when(ended(1, 'succeeded'))
        .expect({
          state: { status: 'void' },
          effects: { 'payment.refund': [refund], 'email.send': [] },
        })
    })

    test.each([
      { when: 'during its attempt', before: [] },
      {
        when: 'though no charge was found',
        before: [
          {
            type: 'effect.not_wanted',
            effect: 'payment.charge',
            id: 'x',
            asked: { attempt: 1 },
          },
        ],
      },
    ])('M6 $when tells of money when it has gone back, as much as that was', ({ before }) => {
      const refunded = (version: number, amountRefundedMinor: number) => ({
        ...ended(1, 'succeeded'),
        version,
        amountRefundedMinor,
      })
      const asked = invoice.when(issued, voided, ...before, submitted(1))
      asked
        .when(ended(1, 'succeeded'), refunded(1_000, 900))
        .expect({ effects: { 'payment.refund': [], 'email.send': [mailOf(900)] } })
        .when(refunded(1_001, 900))
        .expect({ effects: { 'payment.refund': [], 'email.send': [] } })
        .when(refunded(1_002, 2900))
        .expect({ effects: { 'payment.refund': [], 'email.send': [mailOf(2900)] } })
      // Somebody else was quicker than we heard.
      asked
        .when(refunded(1_000, 900))
        .expect({ effects: { 'payment.refund': [refund], 'email.send': [mailOf(900)] } })
    })
  })

  test('goes on asking how an attempt ended', () => {
    const check = { type: 'xstate.after.confirmationCheck.invoice.status.open.requires_action' }
    let waiting = invoice.when(
      { ...issued, onSession: true },
      submitted(1, { status: 'requires_action', nextActionUrl: 'https://bank.test' }),
    )
    for (let round = 0; round < 3; round++) {
      waiting = waiting.when(check).expect({ among: [{ kind: 'tell', to: 'payment/pi_1' }] })
    }
  })
})

describe('an invoice that the provider collects', () => {
  const failed = { attempted: true, attemptCount: 1 }

  test('is free for another attempt once it has the answer to the last, also a tied one', () => {
    const asked = invoice
      .when({ ...invoiceObserved(failed), at: second(100) }, { ...pay(null), at: second(200) })
      .expect({ state: { status: { open: 'charging' } } })
    const planned = invoiceObserved({ ...failed, nextPaymentAttemptAt: day(3) })
    asked
      .when({ ...planned, at: second(201) })
      .when({ ...invoiceObserved(failed), read: asked.seq, at: second(201) })
      .expect({ context: { paySeq: null }, takes: [pay(null)] })
  })

  test('is free for another attempt if the provider does not know it', () => {
    invoice
      .when(invoiceObserved(failed), pay(null))
      .when({ type: 'object.missing', object: 'invoice', id: 'in_1' })
      .expect({ context: { paySeq: null } })
  })

  test.each([
    { why: 'nothing is known of it yet', payment: null, read: false, opens: false },
    { why: 'it is with the bank for days', payment: 'processing', read: true, opens: false },
    { why: 'the bank refused it', payment: 'requires_payment_method', read: true, opens: true },
    { why: 'there was nothing to charge', payment: null, read: true, opens: true },
  ])('opens a case for an attempt only if it failed: $why', ({ payment, read, opens }) => {
    const first = invoice.when(invoiceObserved(failed))
    const state =
      payment === null ? null : { paymentIntent: 'pi_1', status: payment, declineCode: null }
    const answered = first.when({ ...invoiceObserved(failed, state), read: first.seq })
    const asked = [...first.asked, ...(read ? answered.asked : [])]
    const cases = asked.filter((name) => name.startsWith('dunning/'))
    expect(cases.length > 0).toBe(opens)
  })
})
