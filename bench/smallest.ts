import { assign, setup } from 'xstate'
import { z } from 'zod'
import type { Chart } from '../actors/decision/chart.ts'

interface Types {
  context?: { readonly id: string; readonly count: number }
  events?: { readonly type: 'counted'; readonly n: number }
  input?: { readonly id: string }
}
const types: Types = {}

/** The least that an actor can do: it adds up what it is told. */
export const tally: Chart = {
  type: 'tally',
  version: 1,
  migrations: [],
  machine: setup({
    types,
    actions: { add: assign({ count: ({ context, event }) => context.count + event.n }) },
  }).createMachine({
    id: 'tally',
    context: ({ input }) => ({ id: input.id, count: 0 }),
    initial: 'counting',
    states: { counting: { on: { counted: { actions: 'add' } } } },
  }),
  events: z.object({ type: z.literal('counted'), n: z.int() }),
  requests: new Set(),
  context: z.unknown(),
}
