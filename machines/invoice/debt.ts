import type { Instant } from '../../values/instant.ts'
import { isHardDecline } from '../payment/declines.ts'
import { wasRefused } from '../rejection.ts'
import type { InvoiceChange, InvoiceContext, InvoiceScope } from './state.ts'

// What is owed, since when, and whether its collection has failed. Pure.

/** What is still owed, in minor units. */
export function amountRemaining({ observed, issue, paidAt }: InvoiceContext): number {
  if (issue) return paidAt === null ? issue.totalMinor : 0
  return observed?.facts.amountRemainingMinor ?? 0
}

/** What went back of its payments, in minor units. */
export function amountRefunded({ payments }: InvoiceContext): number {
  return Object.values(payments).reduce((sum, one) => sum + one.amountRefundedMinor, 0)
}

/** Since when it is due: the anchor of dunning, a fact that every later word repeats. */
export function dueSince({ observed, issue }: InvoiceContext): Instant | null {
  if (issue) return issue.issuedAt
  return observed?.facts.dueAt ?? observed?.facts.finalizedAt ?? null
}

/**
 * True if its collection failed. A subscription's first invoice never counts: it has its own 23
 * hours, and nothing was granted yet.
 */
export function isFailing(context: InvoiceContext): boolean {
  const { issue } = context
  if (issue) {
    const refused = wasRefused(context.rejection, 'payment.charge')
    const failed = context.attempt > 1 || context.declineCode !== null || refused
    return !issue.onSession && context.paidAt === null && failed
  }
  return hasAttempted(context) && isReasonRead(context) && context.payment?.status !== 'processing'
}

/** The provider's own collection has begun, and the invoice is not paid. */
function hasAttempted({ observed }: InvoiceContext): boolean {
  if (!observed) return false
  const { facts } = observed
  return (
    facts.status === 'open' &&
    !facts.deleted &&
    facts.billingReason !== 'subscription_create' &&
    facts.amountRemainingMinor > 0 &&
    (facts.attempted || facts.attemptCount > 0)
  )
}

/** The bank's refusal of the latest attempt, if no retry can mend it. */
export function hardDecline(context: InvoiceContext): string | null {
  const code = context.issue ? context.declineCode : (context.payment?.declineCode ?? null)
  return isHardDecline(code) ? code : null
}

/** Attempts still to come that would really reach a bank: none after a hard decline. */
export function nextExecutableAttemptAt(context: InvoiceContext): Instant | null {
  return hardDecline(context) === null
    ? (context.observed?.facts.nextPaymentAttemptAt ?? null)
    : null
}

/**
 * How the latest attempt stands was read: a bank debit is attempted for days before it fails or
 * not.
 */
function isReasonRead({ observed, readAttempt }: InvoiceContext): boolean {
  return observed !== null && readAttempt === observed.facts.attemptCount
}

/** It was attempted, and how that went is not known yet: only a read with its payments tells. */
export function wantsReason(context: InvoiceContext): boolean {
  return hasAttempted(context) && !isReasonRead(context)
}

/** Remembers that a dunning case is open, which from then on is told everything. */
export function openCase({ context, event }: InvoiceScope): InvoiceChange {
  return context.caseSeq === 0 ? { caseSeq: event.seq } : {}
}
