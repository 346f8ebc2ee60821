import { assign, setup } from 'xstate'
import { msPerDay } from '../../values/instant.ts'
import { effect, type ChartTypes } from '../chart-types.ts'
import type { ReconciliationEvent } from './events.ts'
import { begun, foldCursor, foldGap, foldPart, foldReport, isNextPart } from './folds.ts'
import { type ReconciliationContext, emptyReconciliation } from './state.ts'

const types: ChartTypes<ReconciliationContext, ReconciliationEvent> = {}

/**
 * What we know held against one provider: how far its list of events has been read, and what the
 * last walk through its objects found to differ. It remembers, and decides when; whoever walks
 * looks at its state.
 */
export const reconciliationMachine = setup({
  types,
  actions: {
    effect,
    keepCursor: assign(foldCursor),
    keepGap: assign(foldGap),
    keepPart: assign(foldPart),
    keepReport: assign(foldReport),
    beginRoutine: assign(begun('routine')),
    beginForGap: assign(begun('gap')),
    beginAsAsked: assign(begun('asked')),
  },
  guards: { isNextPart },
  delays: {
    /** Webhooks and the list of events tell within minutes; this is for what neither told. */
    sweepInterval: msPerDay,
  },
}).createMachine({
  id: 'reconciliation',
  description: 'What we know of one provider, held against what it says.',
  context: ({ input }) => emptyReconciliation(input.id),
  // Until all objects were looked at once, nothing says that nothing is missing.
  initial: 'sweeping',
  on: { 'cursor.moved': { actions: 'keepCursor' } },
  states: {
    watching: {
      description:
        'The list of events is read for what webhooks missed; the objects were compared.',
      after: { sweepInterval: { target: 'sweeping', actions: 'beginRoutine' } },
      on: {
        refresh: { target: 'sweeping', actions: 'beginAsAsked' },
        'gap.found': { target: 'sweeping', actions: ['keepGap', 'beginForGap'] },
      },
    },
    sweeping: {
      description: "The provider's objects are being compared with what we know, part by part.",
      on: {
        'sweep.advanced': { guard: 'isNextPart', actions: 'keepPart' },
        'sweep.finished': {
          guard: 'isNextPart',
          target: 'watching',
          actions: ['keepPart', 'keepReport'],
        },
        // What was compared before the gap was found may have been so before the events were lost.
        'gap.found': { actions: ['keepGap', 'beginForGap'] },
      },
    },
  },
})
