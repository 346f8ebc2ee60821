import { sameJson } from '../../values/json.ts'
import type { Chart, ChartState, Summary } from './chart.ts'
import { ChartFault } from './requested-effects.ts'
import type { RequestedAction } from './statechart.ts'

/** Asks an actor to tell its summary to `asker` again, whatever it told before. */
export const summaryAsked = 'summary.asked'

export interface SummaryInput {
  /** Null for an actor that did not exist before the step. */
  readonly before: ChartState | null
  readonly after: ChartState
  readonly event: { readonly type: string; readonly asker?: unknown }
}

/**
 * What a step has to tell others of where its actor stands now: one summary a receiver, and only
 * where it differs from the one before the step, or was asked for. Throws ChartFault.
 */
export function summariesTold(
  chart: Chart,
  { before, after, event }: SummaryInput,
): RequestedAction[] {
  const isAsked = event.type === summaryAsked
  if (chart.summaries === undefined || (before === after && !isAsked)) return []
  const now = byReceiver(chart, after)
  if (isAsked) return [...now.values()].filter(({ to }) => to === event.asker).map(tellAgain)
  const known = before === null ? new Map<string, Summary>() : byReceiver(chart, before)
  return [...now.values()].filter((summary) => isNews(known.get(summary.to), summary)).map(tell)
}

function byReceiver(chart: Chart, state: ChartState): ReadonlyMap<string, Summary> {
  const summaries = chart.summaries?.(state) ?? []
  const found = new Map(summaries.map((summary) => [summary.to, summary]))
  if (found.size === summaries.length) return found
  throw new ChartFault(`two summaries of one ${chart.type} go to one receiver`)
}

function isNews(known: Summary | undefined, now: Summary): boolean {
  if (!now.matters && known?.matters !== true) return false
  // One that did not matter was not told.
  return known?.matters !== true || !sameJson(known.event, now.event)
}

function tell({ to, event }: Pick<Summary, 'to' | 'event'>): RequestedAction {
  return { type: 'effect', params: { kind: 'tell', to, event } }
}

const marked = { again: true } as const

/** Marked as an answer. */
function tellAgain({ to, event }: Summary): RequestedAction {
  return tell({ to, event: { ...event, ...marked } })
}
