import { assign, setup } from 'xstate'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import type { EffectRequest } from '../effects.ts'
import type { EventEvent } from './events.ts'
import type { EventContext } from './state.ts'

const types: ChartTypes<EventContext, EventEvent> = {}

function requestApply({ context }: { context: EventContext }): EffectRequest | null {
  return context.provider === null ? null : { kind: 'event.apply', provider: context.provider }
}

/**
 * One webhook, kept as it came before it is acknowledged. Its body stands in the journal; reading
 * it is an effect like any other: claimed, retried, and parked where an operator sees it if it
 * can't be read. What became of it is that effect's result, and no state of this chart.
 */
export const eventMachine = setup({
  types,
  actions: {
    effect,
    keep: assign(({ event }) => {
      const { provider, eventId, eventType, apiVersion, quarantine } = event
      return { provider, eventId, eventType, apiVersion, quarantine }
    }),
  },
  guards: {
    isForeign: ({ event }) => event.quarantine !== null,
  },
}).createMachine({
  id: 'event',
  description: 'One webhook of a provider.',
  context: ({ input }) => ({
    id: input.id,
    provider: null,
    eventId: null,
    eventType: null,
    apiVersion: null,
    quarantine: null,
  }),
  initial: 'expected',
  states: {
    expected: {
      description: 'Not there yet.',
      on: {
        'event.received': [
          { guard: 'isForeign', target: 'quarantined', actions: 'keep' },
          { target: 'received', actions: 'keep' },
        ],
      },
    },
    received: {
      description:
        'Kept; the actors that it concerns are told by its effect, whose result says what became of it. If it cannot be read, that effect is parked, and retried by a person.',
      entry: ask(requestApply),
    },
    quarantined: { description: 'Of another account or mode: kept apart, and applied to nobody.' },
  },
})
