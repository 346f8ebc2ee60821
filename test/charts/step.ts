import { createStatechart, type Statechart } from '../../actors/decision/statechart.ts'
import { summariesTold } from '../../actors/decision/summaries.ts'
import { EffectRequest } from '../../machines/effects.ts'
import { charts } from '../../machines/index.ts'
import type { ChartName, SampleEvent } from './explore.ts'

/** A chart as the runtime steps it: what its state tells others is among what it asks for. */
export function stepping(name: ChartName): Statechart {
  const chart = charts[name]
  const statechart = createStatechart(chart.machine)
  return {
    ...statechart,
    step(before, event) {
      const { snapshot, actions } = statechart.step(before, event)
      const told = summariesTold(chart, { before, after: snapshot, event })
      return { snapshot, actions: [...actions, ...told] }
    },
  }
}

/** Whom a step asks to say again how they stand. */
export function askedAgain(
  actions: readonly { readonly type: string; readonly params: unknown }[],
): string[] {
  return actions.flatMap(({ type, params }) => {
    if (type !== 'effect') return []
    const { success, data } = EffectRequest.safeParse(params)
    if (!success || data.kind !== 'tell' || data.event.type !== 'summary.asked') return []
    return [data.to]
  })
}

/** Who says a summary; null of any other event. */
export function speakerOf(event: SampleEvent): string | null {
  switch (event.type) {
    case 'subscription.changed':
      return String(event['subscription'])
    case 'invoice.changed':
      return String(event['invoice'])
    case 'dunning.changed':
      return String(event['invoice']).replace('invoice/', 'dunning/')
    default:
      return null
  }
}

/** The summary as it is said again: newer than it was, and older than the next. */
export function saidAgain(event: SampleEvent): SampleEvent {
  return { ...event, version: Number(event['version']) + 0.5, again: true }
}
