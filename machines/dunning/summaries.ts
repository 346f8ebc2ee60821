import { stateOf, type Standing } from '../chart-types.ts'
import { summary, type Summary } from '../messages.ts'
import { type DunningContext, invoiceRef } from './state.ts'
import type { DunningChanged } from './summary.ts'

const stages: Readonly<Record<string, DunningChanged['stage']>> = {
  opening: 'collecting',
  collecting: 'collecting',
  bad_debt: 'bad_debt',
  recovered: 'recovered',
  closed: 'closed',
}

/** The account hears how the case stands, from when it is known whose it is to its end. */
export function dunningSummaries({ value, context }: Standing<DunningContext>): Summary[] {
  const account = context.invoice?.account
  const stage = stages[stateOf(value)]
  if (!account || stage === undefined) return []
  const ended = stage === 'recovered' || stage === 'closed'
  const event = {
    type: 'dunning.changed' as const,
    invoice: invoiceRef(context),
    stage,
    restricted: !ended && context.restricted,
    banned: !ended && context.banned,
    enforcedAt: ended ? null : context.enforcedAt,
    refusedMethod: ended ? null : context.refusedMethod,
  }
  return [summary(account, event, !ended)]
}
