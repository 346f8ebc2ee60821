import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { counterChart, patienceMs } from '../../test/contract/counter.ts'
import { add, after, letter, start, stateOf } from '../../test/contract/runtime-given.ts'
import type { Chart } from './chart.ts'
import { createDecider, type Decision } from './decide.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Entry } from '../journal/journal.ts'
import { replay } from './replay.ts'

const decider = createDecider({ counter: counterChart() })
const patience = 'xstate.after.patience.counter.waiting'

function decide(head: Entry | null, envelope: Envelope): Decision {
  return decider.decide({ head, envelope, committedAt: start })
}

/** The newest entry after these envelopes, all of which are taken. */
function headAfter(...envelopes: readonly Envelope[]): Entry {
  const entry = replay({ counter: counterChart() }, envelopes).at(-1)
  if (entry === undefined) throw new Error('no envelopes')
  return entry
}

function taken(decision: Decision): Entry {
  if (decision.decided === 'entry') return decision.entry
  throw new Error(`refused: ${JSON.stringify(decision.refusal)}`)
}

function refusalIn(decision: Decision) {
  return decision.decided === 'refused' ? decision.refusal : null
}

interface PlainTypes {
  context?: { n: number }
  events?: { type: 'tick' }
}
const plainTypes: PlainTypes = {}

describe('a decision', () => {
  test('A2 is the same for the same question, and leaves its arguments as they are', () => {
    const head = frozen(headAfter(add(3, 'e1'), letter({ type: 'wait' }, { id: 'e2' })))
    const envelope = frozen(letter({ type: 'answered' }, { id: 'e3' }))
    const first = decide(head, envelope)
    expect(decide(head, envelope)).toEqual(first)
    expect(
      createDecider({ counter: counterChart() }).decide({ head, envelope, committedAt: start }),
    ).toEqual(first)
  })

  test('A2 of a new actor is made with the event that it is born with', () => {
    const entry = taken(decide(null, add(3, 'e1')))
    expect(entry.seq).toBe(1)
    expect(entry.changed).toBe(true)
    expect(stateOf(entry).context).toMatchObject({ id: 'a', count: 3 })
  })

  test('A2 survives JSON: what is stored and read again decides the same', () => {
    const head = headAfter(add(3, 'e1'), letter({ type: 'wait' }, { id: 'e2' }))
    const stored: Entry = JSON.parse(JSON.stringify(head))
    expect(stored).toEqual(head)
    const envelope = letter({ type: 'answered' }, { id: 'e3' })
    expect(decide(stored, envelope)).toEqual(decide(head, envelope))
  })

  test('A2 replayed from the recorded envelopes gives the recorded entries', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('counted'), n: fc.nat(9), stamp: fc.nat(9) }),
      fc.record({ type: fc.constantFrom('hinted', 'answered') }),
    )
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (events) => {
        const envelopes = events.map((one, index) => letter(one, { id: `e${index}` }))
        const entries = replay({ counter: counterChart() }, envelopes)
        expect(
          replay(
            { counter: counterChart() },
            entries.map((one) => one.envelope),
          ),
        ).toEqual(entries)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a new actor', () => {
  const born = setup({
    types: plainTypes,
    actions: { effect: (_scope: unknown, _effect: unknown) => {} },
    delays: { nap: 1_000 },
  }).createMachine({
    id: 'odd',
    context: { n: 0 },
    initial: 'a',
    states: {
      a: {
        entry: { type: 'effect', params: { kind: 'remote', ask: 'born' } },
        after: { nap: 'b' },
        on: { tick: { actions: { type: 'effect', params: { kind: 'remote', ask: 'told' } } } },
      },
      b: {},
    },
  })

  test('A4 asks for what its first state asks for, then for what its first event does', () => {
    const odd = createDecider({ odd: chartOf(born) })
    const entry = taken(odd.decide({ head: null, envelope: tick('e1'), committedAt: start }))
    expect(entry.effects).toEqual([
      { id: 'odd/a#1.1', kind: 'remote', ask: 'born' },
      { id: 'odd/a#1.2', kind: 'remote', ask: 'told' },
    ])
  })

  test('A7 has the timers of its first state armed', () => {
    const odd = createDecider({ odd: chartOf(born) })
    const entry = taken(odd.decide({ head: null, envelope: tick('e1'), committedAt: start }))
    expect(entry.snapshot.timers).toEqual([
      { name: 'xstate.after.nap.odd.a', dueAt: after(1_000), instance: 'odd/a#1' },
    ])
  })

  test('A7 is not born of a timer', () => {
    const envelope = letter(
      { type: patience, instance: 'counter/a#1' },
      { id: 't', source: 'timer' },
    )
    expect(refusalIn(decide(null, envelope))).toEqual({ code: 'event_unknown', type: patience })
  })

  test('A7 throws for an armed timer whose name its chart has lost, so that it is seen and not forgotten', () => {
    const odd = createDecider({ odd: chartOf(born) })
    const entry = taken(odd.decide({ head: null, envelope: tick('e1'), committedAt: start }))
    const renamed = setup({ types: plainTypes }).createMachine({
      id: 'odd',
      context: { n: 0 },
      initial: 'a',
      states: { a: { after: { 1000: 'b' } }, b: {} },
    })
    const fire = letter(
      { type: 'xstate.after.nap.odd.a', instance: 'odd/a#1' },
      { id: 't', to: 'odd/a', source: 'timer' },
    )
    const later = createDecider({ odd: chartOf(renamed) })
    expect(() => later.decide({ head: entry, envelope: fire, committedAt: start })).toThrow(
      /migration/,
    )
  })
})

describe('an event that the actor does not know', () => {
  test.each`
    event                                        | refusal                                                                    | why
    ${{ type: 'fly' }}                           | ${{ code: 'event_unknown', type: 'fly' }}                                  | ${'no actor of this type is told it'}
    ${{ type: patience }}                        | ${{ code: 'event_unknown', type: patience }}                               | ${'a timer is fired by the runtime alone'}
    ${{ type: 'add' }}                           | ${{ code: 'event_invalid', fields: [{ field: 'n' }] }}                     | ${'a field is missing'}
    ${{ type: 'add', n: 1, m: 2 }}               | ${{ code: 'event_invalid', fields: [{ field: 'm' }] }}                     | ${'a field is nothing of this event'}
    ${{ type: 'counted', n: 1.5, stamp: 'now' }} | ${{ code: 'event_invalid', fields: [{ field: 'n' }, { field: 'stamp' }] }} | ${'each wrong field is named'}
  `(
    'is refused, since $why',
    ({ event, refusal }: { event: Envelope['event']; refusal: object }) => {
      expect(refusalIn(decide(null, letter(event, { id: 'e1' })))).toMatchObject(refusal)
    },
  )

  test('is refused for an actor of a type that there is not', () => {
    const envelope = letter({ type: 'add', n: 1 }, { id: 'e1', to: 'ghost/a' })
    expect(refusalIn(decide(null, envelope))).toEqual({ code: 'actor_type_unknown', type: 'ghost' })
  })
})

describe('a request', () => {
  test('that no transition takes is refused, with the state and what is possible', () => {
    const head = headAfter(letter({ type: 'wait' }, { id: 'e1' }))
    expect(refusalIn(decide(head, add(1, 'e2')))).toEqual({
      code: 'not_possible_now',
      state: 'waiting',
      possible: [],
    })
  })

  test('whose guard does not hold is not among what is possible; one whose guard needs its fields is', () => {
    const refusal = refusalIn(decide(null, letter({ type: 'close' }, { id: 'e1' })))
    expect(refusal).toEqual({
      code: 'not_possible_now',
      state: 'open',
      possible: ['add', 'withdraw', 'wait', 'call', 'greet', 'charge'],
    })
  })

  test('that the chart refuses is refused in the chart’s words, and asks for nothing', () => {
    const decision = decide(
      headAfter(add(3, 'e1')),
      letter({ type: 'withdraw', n: 4 }, { id: 'e2' }),
    )
    expect(decision).toEqual({ decided: 'refused', refusal: { code: 'not_enough', count: 3 } })
  })
})

describe('an observation', () => {
  test('A6 that is stale is an entry that changes no state', () => {
    const head = headAfter(letter({ type: 'counted', n: 5, stamp: 2 }, { id: 'e1' }))
    const entry = taken(decide(head, letter({ type: 'counted', n: 4, stamp: 1 }, { id: 'e2' })))
    expect(entry).toMatchObject({ seq: 2, changed: false, effects: [] })
    expect(entry.snapshot).toEqual(head.snapshot)
  })

  test('A6 that says what is known already is an entry that changes nothing, though a transition takes it', () => {
    const chart = chartOf(
      setup({ types: plainTypes }).createMachine({
        context: { n: 1 },
        on: { tick: { actions: assign({ n: 1 }) } },
      }),
    )
    const odd = createDecider({ odd: chart })
    const born = taken(odd.decide({ head: null, envelope: tick('e1'), committedAt: start }))
    const again = taken(odd.decide({ head: born, envelope: tick('e2'), committedAt: start }))
    expect([born.changed, again.changed]).toEqual([true, false])
  })

  test('A6 all orders of three observations, each doubled, end in one state', () => {
    const three = [1, 2, 3].map((stamp) =>
      letter({ type: 'counted', n: stamp * 10, stamp }, { id: `e${stamp}` }),
    )
    const doubled = three.flatMap((one) => [one, { ...one, id: `${one.id}-again` }])
    fc.assert(
      fc.property(fc.shuffledSubarray(doubled, { minLength: 6 }), (order) => {
        expect(stateOf(headAfter(...order)).context).toMatchObject({ count: 30, stamp: 3 })
      }),
    )
  })
})

describe('an effect', () => {
  test('A4 has an id that follows from its entry', () => {
    const head = headAfter(add(1, 'e1'), add(1, 'e2'))
    const entry = taken(decide(head, letter({ type: 'call', ask: 'who' }, { id: 'e3' })))
    expect(entry.effects).toEqual([{ id: 'counter/a#3.1', kind: 'remote', ask: 'who' }])
  })

  test('that tells another actor carries the teller’s seq as the version', () => {
    const entry = taken(
      decide(headAfter(add(1, 'e1')), letter({ type: 'greet', to: 'counter/b' }, { id: 'e2' })),
    )
    expect(entry.effects).toEqual([
      {
        id: 'counter/a#2.1',
        kind: 'tell',
        to: 'counter/b',
        event: { type: 'greeted', from: 'counter/a', version: 2 },
      },
    ])
  })
})

describe('a timer', () => {
  const waiting = headAfter(letter({ type: 'wait' }, { id: 'e1', at: start }))
  const fire = (instance: string, id = 't1') =>
    letter({ type: patience, instance }, { id, source: 'timer', at: after(patienceMs) })

  test('A7 is armed by the entry that enters its state, for the event’s time and not the clock’s', () => {
    expect(waiting.snapshot.timers).toEqual([
      { name: patience, dueAt: after(patienceMs), instance: 'counter/a#1' },
    ])
  })

  test('A7 is disarmed by the entry that leaves its state', () => {
    const entry = taken(decide(waiting, letter({ type: 'answered' }, { id: 'e2' })))
    expect(entry.snapshot.timers).toEqual([])
  })

  test('A7 acts for the entry that set it, and is armed no longer', () => {
    const entry = taken(decide(waiting, fire('counter/a#1')))
    expect(stateOf(entry)).toMatchObject({ value: 'open', context: { overdue: 1 } })
    expect(entry.snapshot.timers).toEqual([])
    expect(entry.changed).toBe(true)
  })

  test.each`
    head                                                                                                               | instance         | why
    ${waiting}                                                                                                         | ${'counter/a#9'} | ${'another entry set it'}
    ${headAfter(waiting.envelope, letter({ type: 'answered' }, { id: 'e2' }))}                                         | ${'counter/a#1'} | ${'it was cancelled'}
    ${headAfter(waiting.envelope, letter({ type: 'answered' }, { id: 'e2' }), letter({ type: 'wait' }, { id: 'e3' }))} | ${'counter/a#1'} | ${'its state was left and entered again'}
  `(
    'A7 is recorded and does nothing if $why',
    ({ head, instance }: { head: Entry; instance: string }) => {
      const entry = taken(decide(head, fire(instance)))
      expect(entry.changed).toBe(false)
      expect(entry.snapshot).toEqual(head.snapshot)
    },
  )
})

describe('a chart that asks for what the runtime does not do', () => {
  const broken = setup({
    types: plainTypes,
    actions: { effect: (_scope: unknown, _effect: unknown) => {}, other: () => {} },
  })
  test.each`
    machine                                                                                                                                      | message      | why
    ${broken.createMachine({ context: { n: 0 }, on: { tick: { actions: 'other' } } })}                                                           | ${/"other"/} | ${'it has an action besides "effect"'}
    ${broken.createMachine({ context: { n: 0 }, on: { tick: { actions: { type: 'effect', params: {} } } } })}                                    | ${/kind/}    | ${'an effect has no kind'}
    ${broken.createMachine({ context: { n: 0 }, on: { tick: { actions: assign({ n: NaN }) } } })}                                                | ${/NaN/}     | ${'its state would not survive JSON'}
    ${broken.createMachine({ context: { n: 0 }, on: { tick: { actions: { type: 'effect', params: { kind: 'tell', to: 'nobody' } } } } })}        | ${/tell/}    | ${'it tells what is no actor'}
    ${broken.createMachine({ context: { n: 0 }, initial: 'a', states: { a: { on: { tick: 'b' } }, b: { after: { never: 'a' } } }, delays: {} })} | ${/never/}   | ${'a delay has no length'}
  `(
    'throws, since $why',
    ({ machine, message }: { machine: Chart['machine']; message: RegExp }) => {
      const odd = createDecider({ odd: chartOf(machine) })
      expect(() => odd.decide({ head: null, envelope: tick('e1'), committedAt: start })).toThrow(
        message,
      )
    },
  )

  test('throws for more effects than one decision may have', () => {
    const many = setup({
      types: plainTypes,
      actions: { effect: (_scope: unknown, _effect: unknown) => {} },
    })
    const actions = Array.from(
      { length: 3 },
      () => ({ type: 'effect', params: { kind: 'remote' } }) as const,
    )
    const machine = many.createMachine({ context: { n: 0 }, on: { tick: { actions } } })
    const odd = createDecider({ odd: chartOf(machine) }, 2)
    expect(() => odd.decide({ head: null, envelope: tick('e1'), committedAt: start })).toThrow(
      /at most 2/,
    )
  })
})

function tick(id: string): Envelope {
  return letter({ type: 'tick' }, { id, to: 'odd/a' })
}

function chartOf(machine: Chart['machine']): Chart {
  return {
    type: 'odd',
    version: 1,
    migrations: [],
    machine,
    events: z.object({ type: z.literal('tick') }),
    requests: new Set(),
    context: z.unknown(),
  }
}

/** A copy that throws if it is written to. */
function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) frozen(member)
  }
  return Object.freeze(value)
}
