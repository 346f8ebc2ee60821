import { assign, setup } from 'xstate'
import { z } from 'zod'
import type { Chart } from '../../actors/decision/chart.ts'
import { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'

// The smallest chart that exercises every promise of the runtime: contract suites are told in
// counters, so that they stay true whatever billing does.

const CounterEvent = z.discriminatedUnion('type', [
  // Observations.
  z.object({ type: z.literal('counted'), n: z.int(), stamp: z.int() }),
  z.object({ type: z.literal('hinted') }),
  z.object({ type: z.literal('greeted'), from: ActorRef, version: z.int().positive() }),
  z.object({ type: z.literal('remote.answered'), answer: z.string() }),
  z.object({ type: z.literal('answered') }),
  z.object({ type: z.literal('poisoned') }),
  z.object({ type: z.literal('effect.parked'), effect: z.string(), error: z.string() }),
  z.object({ type: z.literal('effect.not_wanted'), effect: z.string() }),
  // Requests.
  z.object({ type: z.literal('add'), n: z.int().positive() }),
  z.object({ type: z.literal('withdraw'), n: z.int().positive() }),
  z.object({ type: z.literal('wait') }),
  z.object({ type: z.literal('call'), ask: z.string() }),
  z.object({ type: z.literal('greet'), to: ActorRef }),
  z.object({ type: z.literal('charge') }),
  z.object({ type: z.literal('close') }),
])
export type CounterEvent = z.infer<typeof CounterEvent>

const requests = new Set(['add', 'withdraw', 'wait', 'call', 'greet', 'charge', 'close'])

interface Counter {
  readonly id: string
  readonly count: number
  /** Of the newest `counted`; an older one is stale. */
  readonly stamp: number
  readonly answers: readonly string[]
  /** What it asked for and was given up. */
  readonly parked: readonly string[]
  /** The highest version told by each other counter. */
  readonly greeters: Readonly<Record<string, number>>
  /** How often patience ran out. */
  readonly overdue: number
}

interface Types {
  context?: Counter
  events?: CounterEvent & { readonly at: Instant; readonly by: string; readonly seq: number }
  input?: { readonly id: string }
}
const types: Types = {}

/** What a counter asks for. */
type CounterEffect =
  | { kind: 'tell'; to: ActorRef; event: { type: 'greeted'; from: ActorRef } }
  | { kind: 'remote'; ask: string }
  | { kind: 'charge' }
  | { kind: 'read'; coalesce: string }
  | { kind: 'refuse'; refusal: { code: 'not_enough'; count: number } }

export interface CounterOptions {
  /**
   * How a counter takes `poisoned`: the one throws, as a bug would; the other is what is deployed
   * after it.
   */
  readonly poison: 'throws' | 'harmless'
}

/** How long a waiting counter waits. */
export const patienceMs = 60_000

function machineOf({ poison }: CounterOptions) {
  return setup({
    types,
    actions: {
      effect: (_scope: unknown, _effect: CounterEffect) => {},
      add: assign({
        count: ({ context, event }) => context.count + ('n' in event ? event.n : 0),
      }),
      keepCounted: assign(({ context, event }) =>
        event.type === 'counted' ? { count: event.n, stamp: event.stamp } : context,
      ),
      keepGreeter: assign({
        greeters: ({ context, event }) =>
          event.type === 'greeted'
            ? { ...context.greeters, [event.from]: event.version }
            : context.greeters,
      }),
      keepAnswer: assign({
        answers: ({ context, event }) =>
          event.type === 'remote.answered' ? [...context.answers, event.answer] : context.answers,
      }),
      keepNotWanted: assign({
        answers: ({ context, event }) =>
          event.type === 'effect.not_wanted'
            ? [...context.answers, `${event.effect}: not wanted`]
            : context.answers,
      }),
      keepParked: assign({
        parked: ({ context, event }) =>
          event.type === 'effect.parked'
            ? [...context.parked, `${event.effect}: ${event.error}`]
            : context.parked,
      }),
      countOverdue: assign({ overdue: ({ context }) => context.overdue + 1 }),
      swallow: assign(({ context }) => {
        if (poison === 'throws') throw new Error('swallowed poison')
        return { count: context.count + 1_000 }
      }),
    },
    guards: {
      isNews: ({ context, event }) => event.type === 'counted' && event.stamp > context.stamp,
      isNewer: ({ context, event }) =>
        event.type === 'greeted' && event.version > (context.greeters[event.from] ?? 0),
      isEnough: ({ context, event }) => event.type === 'withdraw' && event.n <= context.count,
      hasCounted: ({ context }) => context.count > 0,
    },
    delays: { patience: patienceMs },
  }).createMachine({
    id: 'counter',
    description: 'Counts, waits, asks and greets.',
    context: ({ input }) => ({
      id: input.id,
      count: 0,
      stamp: 0,
      answers: [],
      parked: [],
      greeters: {},
      overdue: 0,
    }),
    initial: 'open',
    on: {
      counted: { guard: 'isNews', actions: 'keepCounted' },
      greeted: { guard: 'isNewer', actions: 'keepGreeter' },
      'remote.answered': { actions: 'keepAnswer' },
      poisoned: { actions: 'swallow' },
      'effect.parked': { actions: 'keepParked' },
      'effect.not_wanted': { actions: 'keepNotWanted' },
      hinted: {
        actions: {
          type: 'effect',
          params: ({ context }) => ({ kind: 'read', coalesce: context.id }),
        },
      },
    },
    states: {
      open: {
        description: 'Takes whatever is asked.',
        on: {
          add: { actions: 'add' },
          withdraw: [
            {
              guard: 'isEnough',
              actions: assign({ count: ({ context, event }) => context.count - event.n }),
            },
            {
              description: 'There is not enough to take.',
              actions: {
                type: 'effect',
                params: ({ context }) => ({
                  kind: 'refuse',
                  refusal: { code: 'not_enough', count: context.count },
                }),
              },
            },
          ],
          wait: 'waiting',
          call: {
            actions: {
              type: 'effect',
              params: ({ event }) => ({ kind: 'remote', ask: event.ask }),
            },
          },
          greet: {
            actions: {
              type: 'effect',
              params: ({ context, event }) => ({
                kind: 'tell',
                to: event.to,
                event: { type: 'greeted', from: `counter/${context.id}` },
              }),
            },
          },
          charge: { actions: { type: 'effect', params: { kind: 'charge' } } },
          close: { guard: 'hasCounted', target: 'closed' },
        },
      },
      waiting: {
        description: 'Waits for an answer; after a minute it counts as overdue.',
        on: { answered: 'open' },
        after: { patience: { target: 'open', actions: 'countOverdue' } },
      },
      closed: { description: 'Takes no more requests; what it observes it still keeps.' },
    },
  })
}

export function counterChart(options: CounterOptions = { poison: 'throws' }): Chart {
  return {
    type: 'counter',
    version: 1,
    migrations: [],
    machine: machineOf(options),
    events: CounterEvent,
    context: z.unknown(),
    requests,
    // A charge is wanted while the counter is open.
    wanted: { charge: ({ value }) => value === 'open' },
  }
}

/** What the runtime keeps of a counter, for a test to read. */
export const CounterState = z.object({
  value: z.enum(['open', 'waiting', 'closed']),
  context: z.object({
    id: z.string(),
    count: z.int(),
    stamp: z.int(),
    answers: z.array(z.string()),
    parked: z.array(z.string()),
    greeters: z.record(z.string(), z.int()),
    overdue: z.int(),
  }),
})
export type CounterState = z.infer<typeof CounterState>
