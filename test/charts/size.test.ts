import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChartName, SampleEvent } from './explore.ts'
import {
  customerObserved,
  dunningChanged,
  invoiceChanged,
  methodObserved,
  second,
  subscriptionChanged,
  terms,
} from './samples.ts'
import { askedAgain, saidAgain, speakerOf, stepping } from './step.ts'

// What has ended leaves the state of whoever heard of it, in whatever order the events come.

const many = 1_000
const mostBytes = 4_096

/** A debt that was dunned and paid in the end, from its own events and its case's. */
function debt(n: number, collector: 'provider' | 'platform'): SampleEvent[] {
  const invoice = `invoice/in_${n}` as const
  const its = { invoice, collector, periodIndex: n }
  return [
    invoiceChanged(1, { ...its, failing: true }),
    dunningChanged(2, { invoice, restricted: true }),
    dunningChanged(4, { invoice, stage: 'recovered' }),
    invoiceChanged(5, { ...its, status: 'paid', amountRemainingMinor: 0 }),
  ]
}

/** The size of the state after these events, and after everybody who was asked has answered. */
function sizeAfter(chart: ChartName, events: readonly SampleEvent[]): number {
  const statechart = stepping(chart)
  let { snapshot } = statechart.begin({ id: 'x_1' })
  const asked = new Set<string>()
  const newest = new Map<string, SampleEvent>()
  let seq = 0
  const tell = (event: SampleEvent) => {
    seq += 1
    const stamped = { ...event, at: second(seq), by: 'test', seq }
    const step = statechart.step(snapshot, stamped)
    snapshot = step.snapshot
    for (const speaker of askedAgain(step.actions)) asked.add(speaker)
  }
  for (const event of events) {
    const speaker = speakerOf(event) ?? ''
    const known = Number(newest.get(speaker)?.['version'] ?? 0)
    if (Number(event['version']) > known) newest.set(speaker, event)
    tell(event)
  }
  for (const speaker of asked) {
    const last = newest.get(speaker)
    if (last !== undefined) tell(saidAgain(last))
  }
  return JSON.stringify(statechart.persist(snapshot)).length
}

/** All of them, each among the forty that come about then. */
function jumbled(events: readonly SampleEvent[]): fc.Arbitrary<readonly SampleEvent[]> {
  return fc.infiniteStream(fc.integer({ min: 0, max: 40 })).map((late) =>
    events
      .map((event, index) => ({ event, at: index + Number(late.next().value) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ event }) => event),
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
      fc.property(jumbled(debts), (events) => {
        expect(sizeAfter('account', [...first, ...events])).toBeLessThan(mostBytes)
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
      fc.property(jumbled(bought), (events) => {
        expect(sizeAfter('account', events)).toBeLessThan(mostBytes)
      }),
      { numRuns: 1 },
    )
  })

  test('a subscription of the platform with a thousand invoices that were paid', () => {
    const create: SampleEvent = {
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
      fc.property(jumbled(invoices), (events) => {
        expect(sizeAfter('subscription', [create, paid, ...events])).toBeLessThan(mostBytes)
      }),
      { numRuns: 1 },
    )
  })
})
