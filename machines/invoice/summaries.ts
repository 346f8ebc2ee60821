import { stateOf, type Standing } from '../chart-types.ts'
import { summary, type Summary } from '../messages.ts'
import { amountRemaining, dueSince, hardDecline, isFailing } from './debt.ts'
import { type InvoiceContext, refOf } from './state.ts'
import type { NextAction } from './summary.ts'

// What an invoice tells others: pure.

/** The invoice in short, standing at `status`. */
export function summaryOf(context: InvoiceContext, status: string) {
  const { account, subscription, collector, issue, observed, attempt } = context
  return {
    type: 'invoice.changed' as const,
    invoice: refOf(context),
    account,
    subscription,
    collector,
    status,
    currency: issue?.currency ?? observed?.facts.currency ?? 'usd',
    amountRemainingMinor: amountRemaining(context),
    dueSince: dueSince(context),
    failing: isFailing(context) && status === 'open',
    hardDecline: hardDecline(context),
    attempt: issue ? attempt : (observed?.facts.attemptCount ?? 0),
    periodIndex: issue?.periodIndex ?? null,
    nextAction: nextActionOf(context),
  }
}

function nextActionOf(context: InvoiceContext): NextAction | null {
  const { paymentIntent, clientSecret, nextActionUrl, declineCode, issue, paidAt } = context
  if (!issue?.onSession || paidAt !== null || paymentIntent === null) return null
  return { paymentIntent, clientSecret, url: nextActionUrl, declineCode }
}

const settled = new Set(['paid', 'void', 'deleted'])

/**
 * The account hears of a debt that is overdue, and of its end; the subscription that the platform
 * bills for also how its first invoice stands; the dunning case everything, from when it was opened
 * to the end of the debt.
 */
export function invoiceSummaries({ value, context }: Standing<InvoiceContext>): Summary[] {
  const { account, subscription, collector, issue, caseSeq } = context
  const event = summaryOf(context, stateOf(value, 'status'))
  if (event.status === 'unknown') return []
  const isOverdue = event.failing || event.status === 'uncollectible'
  const isSettled = settled.has(event.status)
  const hasCase = caseSeq > 0
  const summaries: Summary[] = [
    summary(`dunning/${context.id}`, event, isOverdue || (hasCase && !isSettled)),
  ]
  if (account) summaries.push(summary(account, event, isOverdue))
  if (subscription && collector === 'platform') {
    const isFirst = issue?.periodIndex === 0
    summaries.push(summary(subscription, event, isOverdue || isFirst))
  }
  return summaries
}
