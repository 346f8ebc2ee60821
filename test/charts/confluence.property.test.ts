import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { canonical } from '../../values/json.ts'
import { endOf, type ChartName, type SampleEvent } from './explore.ts'
import {
  chargeCaptured,
  chargeObserved,
  customerObserved,
  disputeObserved,
  dunningChanged,
  intentObserved,
  invoiceChanged,
  invoiceObserved,
  methodObserved,
  refundObserved,
  second,
  subscriptionChanged,
  subscriptionObserved,
} from './samples.ts'
import { askedAgain, saidAgain, speakerOf, stepping } from './step.ts'

const Removal = z.object({
  deleted: z.boolean().optional(),
  attached: z.boolean().optional(),
})

interface Delivery {
  readonly event: SampleEvent
  readonly at: number
}

/** Every event that a provider may say of one thing, in few enough seconds that they often tie. */
const sayings: readonly { chart: ChartName; events: fc.Arbitrary<SampleEvent> }[] = [
  {
    chart: 'subscription',
    events: fc
      .record({
        status: fc.constantFrom(
          'incomplete',
          'trialing',
          'active',
          'past_due',
          'unpaid',
          'paused',
          'canceled',
        ),
        quantity: fc.integer({ min: 1, max: 2 }),
        cancelAt: fc.constantFrom(null, second(99)),
      })
      .map((facts) => subscriptionObserved(facts)),
  },
  {
    chart: 'invoice',
    events: fc
      .record({
        status: fc.constantFrom('draft', 'open', 'uncollectible', 'paid', 'void'),
        attemptCount: fc.integer({ min: 0, max: 3 }),
      })
      .map((facts) => invoiceObserved({ ...facts, attempted: facts.attemptCount > 0 })),
  },
  {
    chart: 'payment',
    events: fc.oneof(
      fc
        .constantFrom('requires_payment_method', 'requires_action', 'processing', 'succeeded')
        .map((status) => intentObserved({ status })),
      fc
        .record({
          status: fc.constantFrom('pending', 'failed', 'succeeded'),
          charge: fc.constantFrom('ch_1', 'ch_2'),
        })
        .map((facts) =>
          facts.status === 'succeeded' ? chargeCaptured(facts) : chargeObserved(facts),
        ),
      fc
        .record({
          status: fc.constantFrom('pending', 'succeeded', 'failed'),
          refund: fc.constantFrom('re_1', 're_2'),
          amountMinor: fc.constantFrom(100, 2900),
        })
        .map((facts) => refundObserved(facts)),
      fc
        .record({
          status: fc.constantFrom('warning_needs_response', 'needs_response', 'won', 'lost'),
          dispute: fc.constantFrom('dp_1', 'dp_2'),
        })
        .map((facts) => disputeObserved(facts)),
    ),
  },
  {
    chart: 'account',
    events: fc.oneof(
      fc
        .record({
          defaultPaymentMethod: fc.constantFrom(null, 'pm_1', 'pm_2'),
          deleted: fc.boolean(),
        })
        .map((facts) => customerObserved(facts)),
      fc
        .record({
          paymentMethod: fc.constantFrom('pm_1', 'pm_2'),
          attached: fc.boolean(),
          expYear: fc.constantFrom(2026, 2030),
          expMonth: fc.constantFrom(1, 12),
        })
        .map((facts) => methodObserved(facts)),
    ),
  },
]

/** What others say of themselves: numbered by them, so that no two of one number differ. */
const summaries: readonly { chart: ChartName; events: fc.Arbitrary<SampleEvent[]> }[] = [
  {
    chart: 'account',
    events: fc
      .record({
        statuses: fc.array(fc.constantFrom('incomplete', 'active', 'past_due', 'canceled'), {
          maxLength: 4,
        }),
        stages: fc.array(fc.constantFrom('collecting', 'bad_debt', 'recovered', 'closed'), {
          maxLength: 4,
        }),
        failing: fc.array(fc.boolean(), { maxLength: 4 }),
      })
      .map(({ statuses, stages, failing }) => [
        ...statuses.map((status, i) => subscriptionChanged(i + 1, { status })),
        ...stages.map((stage, i) =>
          dunningChanged(i + 1, { stage, banned: stage === 'bad_debt', restricted: i === 1 }),
        ),
        ...failing.map((failing, i) => invoiceChanged(i + 1, { failing })),
      ]),
  },
]

function endAfter(chart: ChartName, delivered: readonly Delivery[]): string {
  const statechart = stepping(chart)
  let { snapshot } = statechart.begin({ id: 'x_1' })
  const asked: string[] = []
  const tell = (event: SampleEvent, at: number, seq: number) => {
    const stamped = { ...event, at: second(at), by: 'provider:stripe', seq }
    const step = statechart.step(snapshot, stamped)
    snapshot = step.snapshot
    asked.push(...askedAgain(step.actions))
  }
  delivered.forEach(({ event, at }, index) => tell(event, at, index + 1))
  for (const speaker of asked) {
    const said = delivered.filter(({ event }) => speakerOf(event) === speaker)
    const [last] = said.sort((a, b) => Number(b.event['version']) - Number(a.event['version']))
    if (last !== undefined) tell(saidAgain(last.event), last.at, delivered.length + 1)
  }
  return endOf(chart, snapshot)
}

/** A provider says nothing more of what was removed. */
function endsLast({ event, at }: Delivery): Delivery {
  const { deleted, attached } = Removal.parse(event['facts'])
  return { event, at: deleted === true || attached === false ? 9 : at }
}

/** A pile of events, each once or twice, and the same pile shuffled. */
function piles(events: fc.Arbitrary<readonly Delivery[]>) {
  return events.chain((pile) => {
    const doubled = fc
      .subarray([...pile])
      .map((again) => [...pile, ...again])
      .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
    return fc.tuple(fc.constant(pile), doubled)
  })
}

describe('longer stories, shuffled and partly doubled, end as they would in order', () => {
  test.each(sayings)('of a $chart, by what the provider said', ({ chart, events }) => {
    const one = fc.record({ event: events, at: fc.integer({ min: 1, max: 4 }) }).map(endsLast)
    const said = fc.array(one, { maxLength: 14 })
    fc.assert(
      fc.property(piles(said), ([pile, shuffled]) => {
        expect(endAfter(chart, shuffled)).toBe(endAfter(chart, pile))
      }),
      { numRuns: 300 },
    )
  })

  test.each(summaries)('of an $chart, by what other actors said', ({ chart, events }) => {
    const said = events.map((all) => all.map((event) => ({ event, at: 1 })))
    fc.assert(
      fc.property(piles(said), ([pile, shuffled]) => {
        expect(endAfter(chart, shuffled)).toBe(endAfter(chart, pile))
      }),
      { numRuns: 300 },
    )
  })
})

describe('A6 a stale event changes no state', () => {
  test.each(sayings)('of a $chart', ({ chart, events }) => {
    const statechart = stepping(chart)
    fc.assert(
      fc.property(events, events, (late, now) => {
        const told = (event: SampleEvent, at: number, seq: number) => ({
          ...event,
          at: second(at),
          by: 'provider:stripe',
          seq,
        })
        const first = statechart.step(
          statechart.begin({ id: 'x_1' }).snapshot,
          told(late, 9, 1),
        ).snapshot
        const known = statechart.step(first, told(now, 9, 2)).snapshot
        const again = statechart.step(known, told(now, 9, 3)).snapshot
        const old = statechart.step(again, told(late, 9, 4))
        const before = canonical([again.value, again.context])
        expect(canonical([old.snapshot.value, old.snapshot.context])).toBe(before)
      }),
      { numRuns: 200 },
    )
  })

  test.each(sayings)(
    'of a $chart, where it is older than all that is known',
    ({ chart, events }) => {
      const statechart = stepping(chart)
      fc.assert(
        fc.property(events, (event) => {
          const told = (at: number, seq: number) => ({
            ...event,
            at: second(at),
            by: 'provider:stripe',
            seq,
          })
          const known = statechart.step(
            statechart.begin({ id: 'x_1' }).snapshot,
            told(1_000_000, 1),
          ).snapshot
          const { snapshot, actions } = statechart.step(known, told(0, 2))
          expect(snapshot).toBe(known)
          expect(actions).toEqual([])
        }),
        { numRuns: 100 },
      )
    },
  )
})
