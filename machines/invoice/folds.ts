import { msPerDay, msPerHour, msSince, type Instant } from '../../values/instant.ts'
import { readOf, type EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import { type Progress, type Weight, isTaken, observedOf, weigh } from '../observation.ts'
import { isHardDecline } from '../payment/declines.ts'
import type { InvoiceRef, PaymentRef } from '../refs.ts'
import { givenUp, parkedCode } from '../rejection.ts'
import type { Stamped } from '../shared-events.ts'
import type { InvoiceEvent } from './events.ts'
import type { InvoiceFacts } from './facts.ts'
import type { InvoiceContext } from './state.ts'

// How an invoice folds what it is told, and what it asks for: pure.

type Event = InvoiceEvent & Stamped
type Change = Partial<InvoiceContext>
export type Scope = { context: InvoiceContext; event: Event }

export function emptyInvoice(id: string): InvoiceContext {
  return {
    id,
    account: null,
    subscription: null,
    provider: null,
    collector: 'provider',
    observed: null,
    payment: null,
    readAttempt: null,
    issue: null,
    attempt: 0,
    paymentIntent: null,
    clientSecret: null,
    nextActionUrl: null,
    declineCode: null,
    chargedMethod: null,
    offeredMethod: null,
    voidWantedAt: null,
    writeOffWantedAt: null,
    payments: {},
    caseSeq: 0,
    paySeq: null,
    paidAt: null,
    rejection: null,
  }
}

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

export function weighObserved({ context, event }: Scope): Weight {
  if (event.type !== 'invoice.observed' || context.collector === 'platform') return 'stale'
  // A status that we do not know may not hide one that we do, whichever comes first.
  if (!order.includes(event.facts.status)) return 'stale'
  return weigh(context.observed, event, progress)
}

export function foldObserved({ context, event }: Scope): Change {
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
  { facts, payment }: Extract<Event, { type: 'invoice.observed' }>,
): InvoiceContext['payment'] {
  const { attemptCount, status } = facts
  if (status !== 'open') return null
  if (payment) return { ...payment, attemptCount }
  return known?.attemptCount === attemptCount ? known : null
}

/** The attempt of which a read has told how it stands, while that is the latest and the debt stands. */
function readAfter(
  { readAttempt }: InvoiceContext,
  { facts, read }: Extract<Event, { type: 'invoice.observed' }>,
): number | null {
  const { attemptCount, status } = facts
  const isKnown = read !== null || readAttempt === attemptCount
  return status === 'open' && isKnown ? attemptCount : null
}

export function foldIssued({ event }: Scope): Change {
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

/** The provider's word on a payment: news if its summary is newer than the one that is known. */
export function isNewerPayment({ context, event }: Scope): boolean {
  if (event.type !== 'payment.changed') return false
  return event.version > (context.payments[event.payment]?.version ?? 0)
}

export function foldPayment({ context, event }: Scope): Change {
  if (event.type !== 'payment.changed' || !isNewerPayment({ context, event })) return {}
  const { type: _type, at, by: _by, seq: _seq, ...summary } = event
  const payments = { ...context.payments, [event.payment]: summary }
  if (context.collector === 'provider') return { payments }
  const settled = event.status === 'succeeded'
  const isCurrent = event.attempt === context.attempt
  // What became of an earlier attempt, told late or again, says nothing of the one that counts.
  if (!settled && (!isCurrent || context.paidAt !== null)) return { payments }
  return {
    payments,
    paymentIntent: isCurrent ? paymentIdOf(event.payment) : context.paymentIntent,
    nextActionUrl: settled ? null : event.nextActionUrl,
    // A failure is one until the next attempt, or the payment; its cancellation has no reason of its own.
    declineCode: settled ? null : (event.declineCode ?? context.declineCode),
    paidAt: settled ? (context.paidAt ?? at) : context.paidAt,
  }
}

function paymentIdOf(payment: PaymentRef): string {
  return payment.slice('payment/'.length)
}

export function foldSubmitted({ context, event }: Scope): Change {
  if (event.type !== 'charge.submitted' || event.attempt !== context.attempt) return {}
  const { paymentIntent, clientSecret, nextActionUrl, paymentMethod } = event
  // The payment's own word may be here before the answer to our request is, and is never older.
  const known = context.payments[`payment/${paymentIntent}`] !== undefined
  return {
    paymentIntent,
    clientSecret,
    nextActionUrl: known ? context.nextActionUrl : nextActionUrl,
    chargedMethod: paymentMethod ?? context.chargedMethod,
    // What was offered while the charge was on its way may be the very method that it took.
    offeredMethod: context.offeredMethod === paymentMethod ? null : context.offeredMethod,
  }
}

export function foldRejected({ context, event }: Scope): Change {
  if (event.type === 'effect.parked') {
    // The provider takes one payment of its invoice, however often it is asked: it may be asked again.
    const paySeq = event.effect === 'provider.pay_invoice' ? null : context.paySeq
    return { rejection: givenUp(event), paySeq }
  }
  if (event.type !== 'effect.rejected') return {}
  const { effect, code, message, at } = event
  const paySeq = effect === 'provider.pay_invoice' ? null : context.paySeq
  // That a charge was refused matters until the next one, whatever else is refused meanwhile.
  const isKept = context.rejection?.effect === 'payment.charge' && effect !== 'payment.charge'
  return { rejection: isKept ? context.rejection : { effect, code, message, at }, paySeq }
}

/** True if this word is the answer to our own request to pay, and not a webhook of an earlier attempt. */
export function answersPay({ context, event }: Scope): boolean {
  return event.type === 'invoice.observed' && event.read !== null && event.read === context.paySeq
}

/** The event speaks of the attempt that is under way. */
export function isOfThisAttempt({ context, event }: Scope): boolean {
  return event.type === 'payment.changed' && event.attempt === context.attempt
}

/** No attempt of ours can still take money: there is none, or the provider confirmed its end. */
export function isReleased({ context }: Scope): boolean {
  const { attempt, paymentIntent, payments, rejection } = context
  if (paymentIntent !== null) return payments[`payment/${paymentIntent}`]?.status === 'canceled'
  // A charge that was asked for and not answered may still become a payment.
  return attempt === 0 || isRefusedCharge(rejection)
}

/** The provider refused the charge. One that we gave up for a fault of ours may have been made, and is no refusal. */
function isRefusedCharge(rejection: InvoiceContext['rejection']): boolean {
  return rejection?.effect === 'payment.charge' && rejection.code !== parkedCode
}

/** A method that the latest attempt was not made with. */
export function isNewMethod({ context, event }: Scope): boolean {
  return event.type === 'payment_method.available' && event.paymentMethod !== context.chargedMethod
}

/** The method that is named for the next attempt, where the event names one. */
export function foldOffer({ event }: Scope): Change {
  if (event.type === 'invoice.pay') return { offeredMethod: event.paymentMethod }
  return event.type === 'payment_method.available' ? { offeredMethod: event.paymentMethod } : {}
}

/** What is still owed, in minor units. */
export function amountRemaining({ observed, issue, paidAt }: InvoiceContext): number {
  if (issue) return paidAt === null ? issue.totalMinor : 0
  return observed?.facts.amountRemainingMinor ?? 0
}

/** Since when it is due: the anchor of dunning, a fact that every later word repeats. */
export function dueSince({ observed, issue }: InvoiceContext): Instant | null {
  if (issue) return issue.issuedAt
  return observed?.facts.dueAt ?? observed?.facts.finalizedAt ?? null
}

/** The bank wants to see the customer, as far as we know. */
export function mustAuthenticate({ nextActionUrl, payment }: InvoiceContext): boolean {
  return nextActionUrl !== null || payment?.status === 'requires_action'
}

/**
 * How long until the provider is asked how an attempt stands. A customer may take weeks to authenticate: the
 * longer ago it fell due, the rarer the checks, down to one a day.
 */
export function msToCheck(context: InvoiceContext, now: Instant): number {
  if (context.paySeq !== null || !mustAuthenticate(context)) return msPerHour
  return Math.min(Math.max(msSince(dueSince(context), now), msPerHour), msPerDay)
}

/**
 * True if its collection failed. A subscription's first invoice never counts: it has its own 23 hours,
 * and nothing was granted yet.
 */
export function isFailing(context: InvoiceContext): boolean {
  const { issue } = context
  if (issue) {
    const refused = isRefusedCharge(context.rejection)
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

/** How the latest attempt stands was read: a bank debit is attempted for days before it fails or not. */
function isReasonRead({ observed, readAttempt }: InvoiceContext): boolean {
  return observed !== null && readAttempt === observed.facts.attemptCount
}

/** It was attempted, and how that went is not known yet: only a read with its payments tells. */
function wantsReason(context: InvoiceContext): boolean {
  return hasAttempted(context) && !isReasonRead(context)
}

export function requestReason(scope: Scope): EffectRequest | null {
  return wantsReason(scope.context) ? requestRead(scope) : null
}

export function refOf(context: InvoiceContext): InvoiceRef {
  return `invoice/${context.id}`
}

export function requestRead({ context, event }: Scope): EffectRequest | null {
  const hinted = event.type === 'invoice.hinted' ? event.invoice : null
  const seen = event.type === 'invoice.observed' ? event.facts.invoice : null
  const id = context.observed?.facts.invoice ?? seen ?? hinted
  const provider = 'provider' in event ? event.provider : context.provider
  if (id === null || provider === null || context.collector === 'platform') return null
  return readOf(provider, 'invoice', id)
}

export function requestPaymentRead({ context }: Scope): EffectRequest | null {
  const { paymentIntent, provider } = context
  if (paymentIntent === null || provider === null) return null
  return tell(`payment/${paymentIntent}`, { type: 'payment.hinted', provider })
}

export function requestPay({ context, event }: Scope): EffectRequest | null {
  const { observed, provider, account } = context
  if (!observed || provider === null) return null
  const paymentMethod =
    event.type === 'invoice.pay' || event.type === 'payment_method.available'
      ? event.paymentMethod
      : null
  return {
    kind: 'provider.pay_invoice',
    provider,
    account,
    invoice: observed.facts.invoice,
    paymentMethod,
  }
}

export function requestCharge({ context }: Scope): EffectRequest | null {
  const { issue, account, provider, attempt, collector } = context
  if (collector !== 'platform') return null
  if (issue === null || account === null || provider === null) return null
  if (issue.totalMinor === 0) return null
  return {
    kind: 'payment.charge',
    provider,
    invoice: refOf(context),
    account,
    attempt,
    amountMinor: issue.totalMinor,
    currency: issue.currency,
    onSession: issue.onSession,
    paymentMethod: context.offeredMethod,
  }
}

export function requestPaymentCancel({ context }: Scope): EffectRequest | null {
  const { paymentIntent, provider } = context
  if (paymentIntent === null || provider === null) return null
  return { kind: 'payment_intent.cancel', provider, paymentIntent }
}

/** Remembers that a dunning case is open, which from then on is told everything. */
export function openCase({ context, event }: Scope): Change {
  return context.caseSeq === 0 ? { caseSeq: event.seq } : {}
}
