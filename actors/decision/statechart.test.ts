import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assign,
  initialTransition,
  setup,
  transition,
  type AnyStateMachine,
  type EventObject,
} from 'xstate'
import { counterChart } from '../../test/contract/counter.ts'
import { start } from '../../test/contract/runtime-given.ts'
import { createStatechart, StateUnreadable } from './statechart.ts'

const stamp = { at: start, by: 'test', seq: 1 }

const told = (type: string, fields: object = {}): EventObject => ({ type, ...stamp, ...fields })

const counterEvents = fc.constantFrom<EventObject>(
  told('add', { n: 2 }),
  told('withdraw', { n: 1 }),
  told('wait'),
  told('answered'),
  told('greet', { to: 'counter/b' }),
  told('counted', { n: 7, stamp: 3 }),
  told('close'),
  told('xstate.after.patience.counter.waiting'),
)

// What the counter does not have: parallel regions, history, nesting, an eventless transition, a
// raised event.
const lamp = setup({
  actions: { effect: (_scope: unknown, _effect: { kind: string }) => {} },
}).createMachine({
  id: 'lamp',
  context: { turns: 0 },
  type: 'parallel',
  states: {
    light: {
      initial: 'off',
      states: {
        off: { on: { turn: 'on.last' }, entry: { type: 'effect', params: { kind: 'dark' } } },
        on: {
          initial: 'low',
          on: { turn: 'off' },
          states: {
            low: { on: { more: 'high' }, after: { 1000: 'high' } },
            high: { after: { 2000: '#lamp.light.off' } },
            last: { type: 'history', target: 'low' },
          },
        },
      },
    },
    plug: {
      initial: 'in',
      states: {
        in: { on: { pull: 'halfway' } },
        halfway: { always: 'out' },
        out: { on: { push: 'in' }, entry: { type: 'effect', params: { kind: 'unplugged' } } },
      },
    },
  },
})
const lampEvents = fc.constantFrom<EventObject>(
  { type: 'turn' },
  { type: 'more' },
  { type: 'pull' },
  { type: 'push' },
  { type: 'xstate.after.1000.lamp.light.on.low' },
  { type: 'xstate.after.2000.lamp.light.on.high' },
)

const charts: readonly [string, AnyStateMachine, fc.Arbitrary<EventObject>][] = [
  ['counter', counterChart().machine, counterEvents],
  ['lamp', lamp, lampEvents],
]

describe.each(charts)('the %s', (_name, machine, events) => {
  test('A2 steps with the shared scope exactly as XState’s own pure functions do', () => {
    const chart = createStatechart(machine)
    fc.assert(
      fc.property(fc.array(events, { maxLength: 15 }), (walk) => {
        let ours = chart.begin({ id: 'a' })
        let state = chart.persist(ours.snapshot)
        let [snapshot, actions] = initialTransition(machine, { id: 'a' })
        for (const event of [null, ...walk]) {
          if (event !== null) {
            // Stored and read again at every step, as the runtime does.
            ours = chart.step(chart.restore(state), event)
            state = chart.persist(ours.snapshot, state)
            ;[snapshot, actions] = transition(machine, snapshot, event)
          }
          expect(JSON.stringify(state)).toBe(JSON.stringify(machine.getPersistedSnapshot(snapshot)))
          expect(ours.actions).toEqual(actions.map(({ type, params }) => ({ type, params })))
        }
      }),
      { numRuns: 150 },
    )
  })
})

test('A2 what is restored follows from the stored state alone, whatever was restored before', () => {
  const machine = counterChart().machine
  const chart = createStatechart(machine)
  const states = [1, 2].map((n) => {
    const { snapshot } = chart.step(chart.begin({ id: `c${n}` }).snapshot, told('add', { n }))
    return chart.persist(snapshot)
  })
  for (const state of [...states, ...states]) {
    const restored = chart.restore(state)
    expect(restored.context).toBe(state['context'])
    expect(chart.persist(restored, state)).toEqual(state)
    expect(restored.toJSON()).toEqual(createStatechart(machine).restore(state).toJSON())
  }
})

test('what a step leaves alone is the stored state’s own, and a changed member is no part of it', () => {
  const types: { context?: { readonly n: number; readonly kept: object } } = {}
  const machine = setup({
    types,
    actions: { add: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    context: { n: 0, kept: { deep: [1] } },
    on: { add: { actions: 'add' } },
  })
  const chart = createStatechart(machine)
  const before = chart.persist(chart.begin({}).snapshot)
  const text = JSON.stringify(before)
  const after = chart.persist(chart.step(chart.restore(before), { type: 'add' }).snapshot, before)
  expect(after['context']).toEqual({ n: 1, kept: { deep: [1] } })
  expect(Object(after['context']).kept).toBe(Object(before['context']).kept)
  expect(JSON.stringify(before)).toBe(text)
})

test('A7 every timer that a chart can set is listed by its name', () => {
  expect(createStatechart(lamp).timerNames()).toEqual([
    'xstate.after.1000.lamp.light.on.low',
    'xstate.after.2000.lamp.light.on.high',
  ])
})

test('a stored state that the chart no longer has is refused, and says that a migration is missing', () => {
  const chart = createStatechart(lamp)
  const state = {
    ...chart.persist(chart.begin({ id: 'a' }).snapshot),
    value: { light: 'blue', plug: 'in' },
  }
  expect(() => chart.restore(state)).toThrow(StateUnreadable)
  expect(() => chart.restore(state)).toThrow(/migration/)
  expect(() => chart.restore({})).toThrow(StateUnreadable)
})
