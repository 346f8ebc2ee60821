import { periodOf } from '../../values/calendar.ts'
import { linesOf } from '../catalog/pricing.ts'
import type { PlanTerms } from '../catalog/terms.ts'
import { isNews, mayBeForgotten, remember } from '../children.ts'
import { readOf, type EffectKind, type EffectRequest, type Refuse } from '../effects.ts'
import { tell } from '../messages.ts'
import { type Weight, isTaken, observedOf, progressOf, weigh } from '../observation.ts'
import type { SubscriptionRef } from '../refs.ts'
import { givenUp } from '../rejection.ts'
import { summaryIn, type Stamped } from '../shared-events.ts'
import type { SubscriptionEvent } from './events.ts'
import type { SubscriptionFacts } from './facts.ts'
import type { SubscriptionContext } from './state.ts'
import { isLegalStep, isSubscriptionStatus, subscriptionStatuses } from './status.ts'

// How a subscription folds what it is told, and what it asks for: pure.

type Event = SubscriptionEvent & Stamped
type Change = Partial<SubscriptionContext>
export type Scope = { context: SubscriptionContext; event: Event }

export function emptySubscription(id: string): SubscriptionContext {
  return {
    id,
    account: null,
    provider: null,
    collector: 'provider',
    terms: null,
    quantity: 0,
    createdAt: null,
    providerId: null,
    observed: null,
    firstPayment: null,
    firstMethod: null,
    nextAction: null,
    anchorAt: null,
    periodIndex: 0,
    period: null,
    cancelAt: null,
    canceledAt: null,
    endedAt: null,
    invoices: {},
    hasForgotten: false,
    rejection: null,
  }
}

const progress = progressOf<SubscriptionFacts>(subscriptionStatuses, [
  'canceled',
  'incomplete_expired',
])

/** Whether the provider's word is news; `stale` for any other event. */
export function weighObserved({ context, event }: Scope): Weight {
  if (event.type !== 'subscription.observed' || context.collector === 'platform') return 'stale'
  // A status that we do not know may not hide one that we do, whichever comes first.
  if (!isSubscriptionStatus(event.facts.status)) return 'stale'
  return weigh(context.observed, event, progress)
}

/** True if a step between the known status and the observed one was missed. */
export function hasGap({ context, event }: Scope): boolean {
  if (event.type !== 'subscription.observed' || event.read !== null) return false
  const known = context.observed?.facts.status
  return known !== undefined && !isLegalStep(known, event.facts.status)
}

export function foldObserved({ context, event }: Scope): Change {
  if (event.type !== 'subscription.observed' || !isTaken(weighObserved({ context, event })))
    return {}
  const { facts, at } = event
  return {
    observed: observedOf(context.observed, event),
    account: event.account,
    provider: event.provider,
    providerId: facts.subscription,
    createdAt: context.createdAt ?? at,
    terms: termsAfter(context, { offered: event.terms, price: facts.price }),
    quantity: facts.quantity,
    period: facts.period,
    cancelAt: facts.cancelAt,
    canceledAt: facts.canceledAt,
    endedAt: facts.endedAt,
    firstPayment: facts.status === 'incomplete' ? context.firstPayment : null,
    nextAction: facts.status === 'incomplete' ? context.nextAction : null,
  }
}

/** The terms of a plan are frozen when it is bought: an edited catalog reaches new buyers only. */
function termsAfter(
  { terms, observed }: SubscriptionContext,
  { offered, price }: { offered: PlanTerms | null; price: string | null },
): PlanTerms | null {
  if (terms === null) return offered
  if (offered !== null) return offered.plan === terms.plan ? terms : offered
  return observed === null || observed.facts.price === price ? terms : null
}

export function foldCreated({ event }: Scope): Change {
  if (event.type !== 'subscription.create') return {}
  const { account, terms, quantity, collector, provider, at } = event
  const platform = collector === 'platform'
  return {
    account,
    terms,
    quantity,
    collector,
    provider,
    createdAt: at,
    anchorAt: platform ? at : null,
    period: platform ? periodOf(at, terms, 0) : null,
  }
}

/** Of an answer that comes when there is nothing left to pay: the provider's id, and no payment. */
export function foldProviderId({ event }: Scope): Change {
  return event.type === 'subscription.accepted' ? { providerId: event.subscription } : {}
}

export function foldAccepted({ context, event }: Scope): Change {
  if (event.type !== 'subscription.accepted') return {}
  const { subscription, paymentIntent, clientSecret } = event
  if (paymentIntent === null && clientSecret === null) return { providerId: subscription }
  const firstPayment = { paymentIntent, clientSecret }
  const firstMethod = event.paymentMethod ?? context.firstMethod
  // With a payment method at hand the next word is the bank's, and only then is it known what to do.
  const nextAction = firstMethod === null ? { ...firstPayment, url: null, declineCode: null } : null
  return { providerId: subscription, firstPayment, firstMethod, nextAction }
}

/** A payment method that this first payment has not been tried with. */
export function isNewMethod({ context, event }: Scope): boolean {
  return event.type === 'payment_method.available' && event.paymentMethod !== context.firstMethod
}

export function foldMethod({ event }: Scope): Change {
  return event.type === 'payment_method.available' ? { firstMethod: event.paymentMethod } : {}
}

/** The platform's first invoice is offered what the subscription was. */
export function offerToFirstInvoice({ context, event }: Scope): EffectRequest | null {
  if (event.type !== 'payment_method.available') return null
  const { type, paymentMethod } = event
  return tell(platformInvoiceRef(context), { type, paymentMethod })
}

export function foldPrepared({ context, event }: Scope): Change {
  if (event.type !== 'payment.prepared' || context.firstPayment === null) return {}
  const { nextActionUrl: url, declineCode } = event
  return { nextAction: { ...context.firstPayment, url, declineCode } }
}

export function foldRejected({ context, event }: Scope): Change {
  if (event.type === 'effect.parked') return { rejection: givenUp(event) }
  if (event.type !== 'effect.rejected') return {}
  const { effect, code, message, at } = event
  const rejection = { effect, code, message, at }
  // What could not be done without the customer, they may do with the payment's own handle.
  const { firstPayment } = context
  if (effect !== 'payment_intent.confirm' || firstPayment === null) return { rejection }
  return { rejection, nextAction: { ...firstPayment, url: null, declineCode: null } }
}

/** The provider refused this one thing, and not another that was asked for. */
export function isRefused({ event }: Scope, { effect }: { effect: EffectKind }): boolean {
  return event.type === 'effect.rejected' && event.effect === effect
}

/** The answer to a request of ours, or to a read that was on its way already. */
export function isAnswer({ event }: Scope): boolean {
  return event.type === 'subscription.observed' && event.read !== null
}

type InvoiceWord = Extract<Event, { type: 'invoice.changed' }>

function isOverdue({ failing, status }: Pick<InvoiceWord, 'failing' | 'status'>): boolean {
  return failing || status === 'uncollectible'
}

function heardOf(event: InvoiceWord) {
  const isOpen = isOverdue(event) || event.periodIndex === 0
  return { from: event.invoice, summary: summaryIn(event), isOpen }
}

function memoryOf({ invoices, hasForgotten }: SubscriptionContext) {
  return { known: invoices, hasForgotten }
}

/** Of the platform's invoices: the first one, and those that are overdue. */
export function foldInvoice({ context, event }: Scope): Change {
  if (event.type !== 'invoice.changed' || !isNewerInvoice({ context, event })) return {}
  const { known, hasForgotten } = remember(memoryOf(context), heardOf(event))
  const waits = event.nextAction !== null && event.periodIndex === 0
  return {
    invoices: known,
    hasForgotten,
    nextAction: waits ? event.nextAction : event.status === 'paid' ? null : context.nextAction,
  }
}

/** What an invoice says that may have been forgotten is old perhaps: it is asked how it stands now. */
export function askInvoiceAgain({ context, event }: Scope): EffectRequest | null {
  if (event.type !== 'invoice.changed' || context.collector !== 'platform') return null
  if (!mayBeForgotten(memoryOf(context), heardOf(event))) return null
  return tell(event.invoice, { type: 'summary.asked', asker: refOf(context) })
}

export function isNewerInvoice({ context, event }: Scope): boolean {
  if (event.type !== 'invoice.changed' || context.collector !== 'platform') return false
  return isNews(memoryOf(context), heardOf(event))
}

/** Of the platform's invoices after this event: whether none has failed or was written off. */
export function nothingOverdueAfter({ context, event }: Scope): boolean {
  const { invoices } = { ...context, ...foldInvoice({ context, event }) }
  return !Object.values(invoices).some(isOverdue)
}

export function refOf(context: SubscriptionContext): SubscriptionRef {
  return `subscription/${context.id}`
}

/** Trials are the provider's to run; the platform's own billing says so instead of charging at once. */
export function refuseTrial({ event }: Scope): Refuse {
  const plan = event.type === 'subscription.create' ? event.terms.plan : ''
  return { kind: 'refuse', refusal: { code: 'trial_needs_provider', plan } }
}

export function requestCreation({ context, event }: Scope): EffectRequest | null {
  if (event.type !== 'subscription.create' || event.collector !== 'provider') return null
  const { provider, account, terms, quantity } = event
  return {
    kind: 'provider.create_subscription',
    provider,
    subscription: refOf(context),
    account,
    terms,
    quantity,
  }
}

/** With a payment method at hand, the first payment is confirmed while the customer is there. */
export function requestConfirmation({ context }: Scope): EffectRequest | null {
  const { firstPayment, firstMethod, provider } = context
  if (!firstPayment?.paymentIntent || firstMethod === null || provider === null) return null
  return {
    kind: 'payment_intent.confirm',
    provider,
    paymentIntent: firstPayment.paymentIntent,
    paymentMethod: firstMethod,
  }
}

export function requestRead({ context, event }: Scope): EffectRequest | null {
  const named =
    'subscription' in event && typeof event.subscription === 'string' ? event.subscription : null
  const id =
    context.providerId ??
    (event.type === 'subscription.observed' ? event.facts.subscription : named)
  const provider = 'provider' in event ? event.provider : context.provider
  if (id === null || provider === null) return null
  return readOf(provider, 'subscription', id)
}

export function requestCancelAtPeriodEnd({ context }: Scope): EffectRequest | null {
  return requestUpdate(context, true)
}

export function requestResume({ context }: Scope): EffectRequest | null {
  return requestUpdate(context, false)
}

function requestUpdate(
  context: SubscriptionContext,
  cancelAtPeriodEnd: boolean,
): EffectRequest | null {
  const { provider } = context
  if (context.providerId === null || provider === null) return null
  return {
    kind: 'provider.update_subscription',
    provider,
    subscription: context.providerId,
    cancelAtPeriodEnd,
  }
}

export function requestCancel({ context }: Scope): EffectRequest | null {
  const { provider } = context
  if (context.providerId === null || provider === null) return null
  return { kind: 'provider.cancel_subscription', provider, subscription: context.providerId }
}

/** The platform's invoice `k` of a subscription has an id of its own, so that it is issued once. */
export function platformInvoiceRef(context: SubscriptionContext): `invoice/${string}` {
  return `invoice/in_${context.id}_${context.periodIndex}`
}

/** Bills the current period of a subscription that the platform collects. */
export function issueInvoice({ context }: Scope): EffectRequest | null {
  const { account, terms, period, quantity, periodIndex, provider, collector } = context
  if (collector !== 'platform') return null
  if (account === null || provider === null || terms === null || period === null) return null
  return tell(platformInvoiceRef(context), {
    type: 'invoice.issued',
    account,
    subscription: refOf(context),
    provider,
    currency: terms.currency,
    lines: linesOf(terms, quantity, period),
    period,
    periodIndex,
    onSession: periodIndex === 0,
  })
}

/** The platform has billed the first period, and nothing is paid. */
function awaitsFirstPayment(context: SubscriptionContext): boolean {
  const first = context.invoices[platformInvoiceRef(context)]
  return context.collector === 'platform' && context.periodIndex === 0 && first?.status !== 'paid'
}

/** Asks for the first invoice's end, if the subscription ends before it was paid. */
export function voidFirstInvoice({ context }: Scope): EffectRequest | null {
  if (!awaitsFirstPayment(context)) return null
  return tell(platformInvoiceRef(context), { type: 'invoice.void' })
}

/** The next period, by its number from the anchor and never from the period before. */
export function nextPeriod({ context }: Scope): Change {
  const { anchorAt, terms, periodIndex } = context
  if (anchorAt === null || terms === null) return {}
  return { periodIndex: periodIndex + 1, period: periodOf(anchorAt, terms, periodIndex + 1) }
}
