import { type Progress, type Weight, isTaken, observedOf, weigh } from '../observation.ts'
import type { InvoiceFacts } from './facts.ts'
import type { InvoiceChange, InvoiceContext, InvoiceScope } from './state.ts'

// The document itself, where it comes from: the provider's word, or what the platform issued. Pure.

const order = ['draft', 'open', 'uncollectible', 'void', 'paid']

const progress: Progress<InvoiceFacts> = {
  isTerminal: ({ status, deleted }) => deleted || status === 'paid' || status === 'void',
  rank: ({ status, deleted, attemptCount }) =>
    (deleted ? 1_000_000 : 0) + order.indexOf(status) * 1_000 + attemptCount,
}

/** The provider has said its last word on it. */
export function isSettled({ observed }: InvoiceContext): boolean {
  return observed !== null && progress.isTerminal(observed.facts)
}

export function weighObserved({ context, event }: InvoiceScope): Weight {
  if (event.type !== 'invoice.observed' || context.collector === 'platform') return 'stale'
  // A status that we do not know may not hide one that we do, whichever comes first.
  if (!order.includes(event.facts.status)) return 'stale'
  return weigh(context.observed, event, progress)
}

export function foldObserved({ context, event }: InvoiceScope): InvoiceChange {
  if (event.type !== 'invoice.observed') return {}
  const paySeq = answersPay({ context, event }) ? null : context.paySeq
  // An answer is one, also where something else is known by now.
  if (!isTaken(weighObserved({ context, event }))) return { paySeq }
  const { facts, at, account, subscription } = event
  const paymentNow = paymentAfter(context, event)
  return {
    observed: observedOf(context.observed, event),
    provider: event.provider,
    account: account ?? context.account,
    subscription: subscription ?? context.subscription,
    payment: paymentNow,
    readAttempt: readAfter(context, event),
    nextActionUrl: null,
    declineCode: paymentNow?.declineCode ?? null,
    paySeq,
    paidAt: facts.status === 'paid' ? (context.paidAt ?? at) : null,
  }
}

/** What is known of the latest attempt: it ends with the next one, and with the debt. */
function paymentAfter(
  { payment: known }: InvoiceContext,
  { facts, payment }: Extract<InvoiceScope['event'], { type: 'invoice.observed' }>,
): InvoiceContext['payment'] {
  const { attemptCount, status } = facts
  if (status !== 'open') return null
  if (payment) return { ...payment, attemptCount }
  return known?.attemptCount === attemptCount ? known : null
}

/**
 * The attempt of which a read has told how it stands, while that is the latest and the debt stands.
 */
function readAfter(
  { readAttempt }: InvoiceContext,
  { facts, read }: Extract<InvoiceScope['event'], { type: 'invoice.observed' }>,
): number | null {
  const { attemptCount, status } = facts
  const isKnown = read !== null || readAttempt === attemptCount
  return status === 'open' && isKnown ? attemptCount : null
}

export function foldIssued({ event }: InvoiceScope): InvoiceChange {
  if (event.type !== 'invoice.issued') return {}
  const { account, subscription, provider, currency, lines, period, periodIndex, onSession, at } =
    event
  const totalMinor = lines.reduce((sum, line) => sum + line.amountMinor, 0)
  return {
    account,
    subscription,
    provider,
    collector: 'platform',
    issue: { currency, lines, totalMinor, period, periodIndex, issuedAt: at, onSession },
  }
}

/**
 * True if this word is the answer to our own request to pay, and not a webhook of an earlier
 * attempt.
 */
export function answersPay({ context, event }: InvoiceScope): boolean {
  return event.type === 'invoice.observed' && event.read !== null && event.read === context.paySeq
}

/** The provider's word is news, and says this status. */
export function says(status: string) {
  return (scope: InvoiceScope): boolean =>
    scope.event.type === 'invoice.observed' &&
    scope.event.facts.status === status &&
    !scope.event.facts.deleted &&
    isTaken(weighObserved(scope))
}

export function saysDeleted(scope: InvoiceScope): boolean {
  const { event } = scope
  return event.type === 'invoice.observed' && event.facts.deleted && isTaken(weighObserved(scope))
}
