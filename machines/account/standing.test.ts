import { describe, expect, test } from 'vitest'
import {
  customerObserved,
  day,
  dunningChanged,
  invoiceChanged,
  methodObserved,
  second,
} from '../../test/charts/samples.ts'
import type { DunningChanged } from '../dunning/summary.ts'
import type { InvoiceChanged } from '../invoice/summary.ts'
import type { PaymentMethodFacts } from './facts.ts'
import { chargeableMethod, expiringAt, expiryOf, mustReplaceMethod } from './payment-method.ts'
import { standingOf } from './standing.ts'

interface Reasons {
  readonly bans?: Record<string, { by: string; at: ReturnType<typeof day> }>
  readonly cases?: readonly DunningChanged[]
  readonly invoices?: readonly InvoiceChanged[]
}

describe('standing follows from debts and bans alone, the gravest first', () => {
  const fraud = { fraud: { by: 'operator:ada', at: day(0) } }
  const badDebt = dunningChanged(1, { stage: 'bad_debt' })
  test.each<Reasons & { why: string; is: string }>([
    { why: 'nothing is owed', is: 'good' },
    { why: 'a payment failed', invoices: [invoiceChanged(1, { failing: true })], is: 'delinquent' },
    { why: 'an invoice is merely due', invoices: [invoiceChanged(1)], is: 'good' },
    { why: 'a debt is being collected', cases: [dunningChanged(1)], is: 'delinquent' },
    { why: 'a debt was given up', cases: [badDebt], is: 'bad_debt' },
    {
      why: 'it was paid after all',
      cases: [dunningChanged(1, { stage: 'recovered' })],
      is: 'good',
    },
    { why: 'banned, and nothing owed', bans: fraud, is: 'banned' },
    { why: 'banned, and a bad debt', bans: fraud, cases: [badDebt], is: 'banned' },
  ])('$why: $is', ({ bans = {}, cases = [], invoices = [], is }) => {
    const known = {
      bans,
      cases: Object.fromEntries(cases.map((one) => [one.invoice, one])),
      invoices: Object.fromEntries(invoices.map((one) => [one.invoice, one])),
    }
    expect(standingOf(known)).toBe(is)
  })
})

function wallet(preferred: string | null, ...methods: readonly Partial<PaymentMethodFacts>[]) {
  const seen = { at: second(0), read: null, seq: 1 }
  const { facts } = customerObserved({ defaultPaymentMethod: preferred })
  return {
    provider: 'stripe' as const,
    customers: { stripe: { facts, ...seen } },
    paymentMethods: Object.fromEntries(
      methods.map((change) => {
        const method = methodObserved(change).facts
        return [method.paymentMethod, { facts: method, ...seen }]
      }),
    ),
    cases: {},
  }
}

describe('the method that a charge would use', () => {
  const older = { paymentMethod: 'pm_9', createdAt: day(1) }
  const newer = { paymentMethod: 'pm_1', createdAt: day(2) }
  test.each`
    why                                 | known                                            | is
    ${'the default'}                    | ${wallet('pm_9', older, newer)}                  | ${'pm_9'}
    ${'else the newest'}                | ${wallet(null, older, newer)}                    | ${'pm_1'}
    ${'a default that is not here yet'} | ${wallet('pm_5', older, newer)}                  | ${'pm_1'}
    ${'never one that was detached'}    | ${wallet('pm_9', { ...older, attached: false })} | ${undefined}
    ${'none'}                           | ${wallet(null)}                                  | ${undefined}
  `('$why: $is', ({ known, is }) => {
    expect(chargeableMethod(known)?.paymentMethod).toBe(is)
  })
})

test('a card is good until its last month has ended, and expiring thirty days before that', () => {
  expect(expiryOf(methodObserved({ expMonth: 12, expYear: 2026 }).facts)).toBe(
    '2027-01-01T00:00:00.000Z',
  )
  expect(expiringAt(wallet(null, { expMonth: 2, expYear: 2026 }))).toBe('2026-01-30T00:00:00.000Z')
})

test('a bank debit does not expire', () => {
  const known = wallet(null, { expMonth: null, expYear: null })
  expect(expiringAt(known)).toBe('9999-12-31T00:00:00.000Z')
})

describe('a demand for another method', () => {
  test.each`
    why                             | createdAt | stage           | must
    ${'stands against the old one'} | ${day(1)} | ${'collecting'} | ${true}
    ${'and after the debt is bad'}  | ${day(1)} | ${'bad_debt'}   | ${true}
    ${'is met by a newer one'}      | ${day(6)} | ${'collecting'} | ${false}
    ${'ends with the debt'}         | ${day(1)} | ${'recovered'}  | ${false}
  `('$why', ({ createdAt, stage, must }) => {
    const demand = dunningChanged(1, { stage, enforcedAt: day(5) })
    const known = { ...wallet(null, { createdAt }), cases: { [demand.invoice]: demand } }
    expect(mustReplaceMethod(known)).toBe(must)
  })
})
