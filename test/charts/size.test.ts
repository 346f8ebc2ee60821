import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChartName, Word } from './explore.ts'
import {
  customerObserved,
  dunningChanged,
  invoiceChanged,
  methodObserved,
  second,
  subscriptionChanged,
  terms,
} from './given.ts'
import { askedAgain, saidAgain, speakerOf, stepping } from './step.ts'

// What has ended leaves the state of whoever heard of it, in whatever order the words come.

const many = 1_000
const mostBytes = 4_096

/** A debt that was dunned and paid in the end, from its own words and its case's. */
function debt(n: number, collector: 'provider' | 'platform'): Word[] {
  const invoice = `invoice/in_${n}` as const
  const its = { invoice, collector, periodIndex: n }
  return [
    invoiceChanged(1, { ...its, failing: true }),
    dunningChanged(2, { invoice, restricted: true }),
    dunningChanged(4, { invoice, stage: 'recovered' }),
    invoiceChanged(5, { ...its, status: 'paid', amountRemainingMinor: 0 }),
  ]
}

/** The size of the state after these words, and after everybody who was asked has answered. */
function sizeAfter(chart: ChartName, words: readonly Word[]): number {
  const statechart = stepping(chart)
  let { snapshot } = statechart.begin({ id: 'x_1' })
  const asked = new Set<string>()
  const newest = new Map<string, Word>()
  let seq = 0
  const tell = (word: Word) => {
    seq += 1
    const event = { ...word, at: second(seq), by: 'test', seq }
    const step = statechart.step(snapshot, event)
    snapshot = step.snapshot
    for (const speaker of askedAgain(step.actions)) asked.add(speaker)
  }
  for (const word of words) {
    const speaker = speakerOf(word) ?? ''
    const known = Number(newest.get(speaker)?.['version'] ?? 0)
    if (Number(word['version']) > known) newest.set(speaker, word)
    tell(word)
  }
  for (const speaker of asked) {
    const last = newest.get(speaker)
    if (last !== undefined) tell(saidAgain(last))
  }
  return JSON.stringify(statechart.persist(snapshot)).length
}

/** All of them, each among the forty that come about then. */
function jumbled(words: readonly Word[]): fc.Arbitrary<readonly Word[]> {
  return fc.infiniteStream(fc.integer({ min: 0, max: 40 })).map((late) =>
    words
      .map((word, index) => ({ word, at: index + Number(late.next().value) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ word }) => word),
  )
}

const numbers = Array.from({ length: many }, (_, n) => n + 1)

describe('A11 no state grows with the age of its actor', () => {
  test('an account with a thousand debts that were paid', () => {
    const first = [
      customerObserved({ defaultPaymentMethod: 'pm_1' }),
      methodObserved(),
      subscriptionChanged(1),
    ]
    const debts = numbers.flatMap((n) => debt(n, 'provider'))
    fc.assert(
      fc.property(jumbled(debts), (words) => {
        expect(sizeAfter('account', [...first, ...words])).toBeLessThan(mostBytes)
      }),
      { numRuns: 1 },
    )
  })

  test('an account with a thousand subscriptions that have ended', () => {
    const bought = numbers.flatMap((n) => {
      const subscription = `subscription/sub_${n}` as const
      const its = { subscription, terms: { ...terms, plan: `plan_${n % 7}` } }
      return [
        subscriptionChanged(1, { ...its, status: 'incomplete' }),
        subscriptionChanged(2, its),
        subscriptionChanged(3, { ...its, status: 'canceled' }),
      ]
    })
    fc.assert(
      fc.property(jumbled(bought), (words) => {
        expect(sizeAfter('account', words)).toBeLessThan(mostBytes)
      }),
      { numRuns: 1 },
    )
  })

  test('a subscription of the platform with a thousand invoices that were paid', () => {
    const create: Word = {
      type: 'subscription.create',
      account: 'account/acct_1',
      terms,
      quantity: 1,
      collector: 'platform',
      provider: 'stripe',
    }
    const invoices = numbers.flatMap((n) =>
      debt(n, 'platform').filter(({ type }) => type === 'invoice.changed'),
    )
    const paid = invoiceChanged(1, {
      invoice: 'invoice/in_x_1_0',
      collector: 'platform',
      periodIndex: 0,
      status: 'paid',
    })
    fc.assert(
      fc.property(jumbled(invoices), (words) => {
        expect(sizeAfter('subscription', [create, paid, ...words])).toBeLessThan(mostBytes)
      }),
      { numRuns: 1 },
    )
  })
})
