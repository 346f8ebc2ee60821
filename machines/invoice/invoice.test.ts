import { describe, expect, test } from 'vitest'
import type { Word } from '../../test/charts/explore.ts'
import {
  day,
  invoiceIssued as issued,
  invoiceObserved,
  paymentChanged,
  second,
} from '../../test/charts/given.ts'
import { stepping } from '../../test/charts/step.ts'
import type { Instant } from '../../values/instant.ts'
import { EffectRequest } from '../effects.ts'
import { InvoiceContext } from './state.ts'

/** An invoice that is told one word after another, and what it asks for. */
function anInvoice() {
  const chart = stepping('invoice')
  let { snapshot } = chart.begin({ id: 'in_1' })
  let seq = 0
  return {
    /** The kinds of effect that this word leads to, but for what others are told. */
    told(word: Word, at: Instant = second(seq + 1)): EffectRequest[] {
      seq += 1
      const heard = { ...word, at, by: 'test', seq }
      const step = chart.step(snapshot, heard)
      snapshot = step.snapshot
      return step.actions.flatMap(({ type, params }) =>
        type === 'effect' ? [EffectRequest.parse(params)] : [],
      )
    },
    seq: () => seq,
    status: (): unknown => snapshot.value['status'],
    context: () => InvoiceContext.parse(snapshot.context),
  }
}

const submitted = (attempt: number, change: object = {}): Word => ({
  type: 'charge.submitted',
  attempt,
  status: 'processing',
  paymentIntent: `pi_${attempt}`,
  clientSecret: null,
  nextActionUrl: null,
  paymentMethod: 'pm_1',
  ...change,
})
const ended = (attempt: number, status: string, declineCode: string | null = null): Word =>
  paymentChanged(attempt * 10, { payment: `payment/pi_${attempt}`, attempt, status, declineCode })
const offered = (paymentMethod: string): Word => ({
  type: 'payment_method.available',
  version: 9,
  paymentMethod,
})
const charges = (effects: readonly EffectRequest[]) =>
  effects.filter((effect) => effect.kind === 'payment.charge')

describe('an invoice that the platform collects', () => {
  test('M1 makes no further attempt while one that was asked for is unanswered', () => {
    const invoice = anInvoice()
    invoice.told(issued)
    invoice.told({ type: 'invoice.written_off', version: 3 })
    expect(invoice.status()).toStrictEqual({ open: 'charging' })
    expect(charges(invoice.told({ type: 'invoice.pay', paymentMethod: null }))).toStrictEqual([])

    invoice.told(submitted(1))
    invoice.told(ended(1, 'requires_payment_method', 'insufficient_funds'))
    expect(invoice.status()).toBe('uncollectible')
  })

  test('M1 begins the next attempt only once the last is confirmed to be cancelled', () => {
    const invoice = anInvoice()
    invoice.told(issued)
    invoice.told(submitted(1))
    invoice.told(ended(1, 'requires_payment_method', 'insufficient_funds'))
    const asked = invoice.told({ type: 'charge.due', version: 4, step: 1 })
    expect(charges(asked)).toStrictEqual([])
    expect(invoice.status()).toStrictEqual({ open: 'releasing' })
    const next = invoice.told({ ...paymentChanged(11, { status: 'canceled' }) })
    expect(charges(next)).toMatchObject([{ attempt: 2 }])
  })

  test('tries a card that came during an attempt as soon as that attempt has failed', () => {
    const invoice = anInvoice()
    invoice.told(issued)
    invoice.told(offered('pm_2'))
    invoice.told(submitted(1))
    invoice.told(ended(1, 'requires_payment_method', 'lost_card'))
    const next = invoice.told({ ...paymentChanged(11, { status: 'canceled' }) })
    expect(charges(next)).toMatchObject([{ attempt: 2, paymentMethod: 'pm_2' }])
  })

  test('does not try the card again that it was charged with', () => {
    const invoice = anInvoice()
    invoice.told(issued)
    invoice.told(offered('pm_1'))
    invoice.told(submitted(1))
    invoice.told(ended(1, 'requires_payment_method', 'lost_card'))
    expect(invoice.status()).toStrictEqual({ open: 'retry_scheduled' })
    expect(charges(invoice.told(offered('pm_1')))).toStrictEqual([])
  })

  test('charges the method that was asked for', () => {
    const invoice = anInvoice()
    invoice.told(issued)
    invoice.told(submitted(1))
    invoice.told(ended(1, 'requires_payment_method', 'insufficient_funds'))
    invoice.told({ type: 'invoice.pay', paymentMethod: 'pm_7' })
    const next = invoice.told({ ...paymentChanged(11, { status: 'canceled' }) })
    expect(charges(next)).toMatchObject([{ attempt: 2, paymentMethod: 'pm_7' }])
  })

  describe('that is to be void', () => {
    const voided = { type: 'invoice.void' }

    test('before it is there charges nothing', () => {
      const invoice = anInvoice()
      invoice.told(voided)
      expect(charges(invoice.told(issued))).toStrictEqual([])
      expect(invoice.status()).toBe('void')
    })

    test('during an attempt cancels that first, and is paid if the customer was faster', () => {
      for (const [end, status] of [
        ['canceled', 'void'],
        ['succeeded', 'paid'],
      ] as const) {
        const invoice = anInvoice()
        invoice.told({ ...issued, onSession: true })
        invoice.told(voided)
        expect(invoice.status()).toStrictEqual({ open: 'charging' })
        const asked = invoice.told(submitted(1, { status: 'requires_action' }))
        expect(asked).toContainEqual(
          expect.objectContaining({ kind: 'payment_intent.cancel', paymentIntent: 'pi_1' }),
        )
        invoice.told(ended(1, end))
        expect(invoice.status()).toBe(status)
      }
    })
  })

  test('goes on asking how an attempt ended', () => {
    const invoice = anInvoice()
    invoice.told({ ...issued, onSession: true })
    invoice.told(submitted(1, { status: 'requires_action', nextActionUrl: 'https://bank.test' }))
    const check = 'xstate.after.confirmationCheck.invoice.status.open.requires_action'
    for (let round = 0; round < 3; round++) {
      expect(invoice.told({ type: check })).toContainEqual(
        expect.objectContaining({ kind: 'tell', to: 'payment/pi_1' }),
      )
    }
  })
})

describe('an invoice that the provider collects', () => {
  const failed = { attempted: true, attemptCount: 1 }

  test('is free for another attempt once the answer to the last is here, also where it is tied', () => {
    const invoice = anInvoice()
    invoice.told(invoiceObserved(failed), second(100))
    invoice.told({ type: 'invoice.pay', paymentMethod: null }, second(200))
    const asked = invoice.seq()
    expect(invoice.status()).toStrictEqual({ open: 'charging' })
    invoice.told(invoiceObserved({ ...failed, nextPaymentAttemptAt: day(3) }), second(201))
    invoice.told({ ...invoiceObserved(failed), read: asked }, second(201))
    expect(invoice.context().paySeq).toBeNull()
    expect(invoice.status()).not.toStrictEqual({ open: 'charging' })
  })

  test('is free for another attempt if the provider does not know it', () => {
    const invoice = anInvoice()
    invoice.told(invoiceObserved(failed))
    invoice.told({ type: 'invoice.pay', paymentMethod: null })
    invoice.told({ type: 'object.missing', object: 'invoice', id: 'in_1' })
    expect(invoice.context().paySeq).toBeNull()
  })

  test.each([
    { why: 'nothing is known of it yet', payment: null, read: false, opens: false },
    { why: 'it is with the bank for days', payment: 'processing', read: true, opens: false },
    { why: 'the bank refused it', payment: 'requires_payment_method', read: true, opens: true },
    { why: 'there was nothing to charge', payment: null, read: true, opens: true },
  ])('opens a case for an attempt only if it failed: $why', ({ payment, read, opens }) => {
    const invoice = anInvoice()
    const first = invoice.told(invoiceObserved(failed))
    const state =
      payment === null ? null : { paymentIntent: 'pi_1', status: payment, declineCode: null }
    const answer = { ...invoiceObserved(failed, state), read: invoice.seq() }
    const effects = [...first, ...(read ? invoice.told(answer) : [])]
    const cases = effects.filter(
      (effect) => effect.kind === 'tell' && effect.to.startsWith('dunning/'),
    )
    expect(cases.length > 0).toBe(opens)
  })
})
