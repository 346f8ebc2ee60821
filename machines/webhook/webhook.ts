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
 * One webhook, kept as it came before it is acknowledged. Its body stands in the journal; reading it is an
 * effect like any other: claimed, retried, and parked where an operator sees it if it can't be read.
 */
export const eventMachine = setup({
  types,
  actions: {
    effect,
    keep: assign(({ event }) => {
      if (event.type !== 'event.received') return {}
      const { provider, eventId, eventType, apiVersion, quarantine } = event
      return { provider, eventId, eventType, apiVersion, detail: quarantine }
    }),
    keepOutcome: assign(({ event }) =>
      event.type === 'event.applied' ? { detail: event.detail, told: event.told } : {},
    ),
  },
  guards: {
    isForeign: ({ event }) => event.type === 'event.received' && event.quarantine !== null,
    wasIgnored: ({ event }) => event.type === 'event.applied' && event.outcome === 'ignored',
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
    detail: null,
    told: [],
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
        'Stored; the actors that it concerns are being told. If it cannot be read, that effect is parked, and retried by a person.',
      entry: ask(requestApply),
      on: {
        'event.applied': [
          { guard: 'wasIgnored', target: 'ignored', actions: 'keepOutcome' },
          { target: 'applied', actions: 'keepOutcome' },
        ],
      },
    },
    applied: { description: 'All actors that it concerns were told.' },
    ignored: { description: 'Of a type that concerns nobody here; kept and counted.' },
    quarantined: { description: 'Of another account or mode: kept apart, and applied to nobody.' },
  },
})
