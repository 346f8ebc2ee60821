import { recordAt, textAt } from '../../kernel/fields.ts'
import { cardError, StripeFailure } from '../api/failure.ts'
import { changeInvoice, collectionOf, subscriptionOf } from './billing-changes.ts'
import { PaymentIntent, type Collection, type Invoice } from './billing-records.ts'
import { day, jobs, type Billing } from './billing.ts'
import { openPayment } from './invoice-payments.ts'
import { activate, exhaust, followInvoices, voidInvoice } from './subscription-status.ts'

/**
 * Ends a draft: it gets its number, and what is due gets a payment intent. Nothing due is paid at
 * once.
 */
export function finalizeInvoice(billing: Billing, draft: Invoice): Invoice {
  const { state, store, options } = billing
  state.unschedule(jobs.finalize, draft.id)
  const now = state.now()
  const open: Invoice = {
    ...draft,
    status: 'open',
    number: nextNumber(billing, draft.customer),
    automatically_finalizes_at: null,
    effective_at: now,
    hosted_invoice_url: `${options.publicUrl()}/i/${draft.id}`,
    status_transitions: { ...draft.status_transitions, finalized_at: now },
  }
  store.invoices.put(open)
  state.emit('invoice.finalized', open)
  if (open.amount_due === 0) return recordPaid(billing, open.id, 'automatic')
  openPayment(billing, open)
  return open
}

function nextNumber(billing: Billing, customer: string): string {
  const { store } = billing
  const numbered = store.invoices
    .where('customer', customer)
    .filter(({ number }) => number !== null)
  const prefix = store.customers.need(customer)['invoice_prefix']
  const text = typeof prefix === 'string' ? prefix : customer.slice(-8).toUpperCase()
  return `${text}-${String(numbered.length + 1).padStart(4, '0')}`
}

export interface How {
  /** True for the charge after finalising and for the retries on schedule. */
  readonly automatic: boolean
  readonly offSession: boolean
  /** Tried instead of the defaults. */
  readonly method?: string | undefined
}

export type Attempt =
  | { readonly outcome: 'paid' | 'processing' }
  | { readonly outcome: 'no_method' | 'not_sent' }
  | { readonly outcome: 'requires_action' | 'declined'; readonly intent: PaymentIntent }

/** Tries to collect an open invoice once, and records what came of it. */
export function attemptPayment(billing: Billing, invoice: Invoice, how: How): Attempt {
  const method = how.method ?? defaultMethod(billing, invoice)
  const { refused_methods: refused } = collectionOf(billing, invoice.id)
  if (method === null || (how.automatic && refused.includes(method))) {
    recordFailure(billing, invoice.id, how)
    return { outcome: method === null ? 'no_method' : 'not_sent' }
  }
  const { result, hard } = confirm(billing, invoice, { method, offSession: how.offSession })
  const intent = PaymentIntent.parse(result.intent)
  const collection = collectionOf(billing, invoice.id)
  billing.store.collections.put({
    ...collection,
    confirming: false,
    refused_methods: hard ? [...refused, method] : refused,
  })
  const { outcome } = result
  if (outcome === 'succeeded')
    recordPaid(billing, invoice.id, how.automatic ? 'automatic' : 'customer')
  if (outcome === 'succeeded') return { outcome: 'paid' }
  if (outcome === 'processing') recordProcessing(billing, invoice.id)
  if (outcome === 'processing') return { outcome }
  recordFailure(billing, invoice.id, { ...how, action: outcome === 'requires_action' })
  return { outcome, intent }
}

/** The intent that is to pay an open invoice: a new one if there is none that could. */
export function payableIntent(billing: Billing, invoice: Invoice): string {
  const { payment_intent: former } = collectionOf(billing, invoice.id)
  if (former !== null && billing.store.intents.need(former).status !== 'canceled') return former
  return openPayment(billing, invoice)
}

function confirm(
  billing: Billing,
  invoice: Invoice,
  { method, offSession }: { method: string; offSession: boolean },
) {
  const { store, payments } = billing
  const intent = payableIntent(billing, invoice)
  store.collections.put({ ...collectionOf(billing, invoice.id), confirming: true })
  const result = payments.confirm(intent, {
    payment_method: method,
    off_session: offSession,
    authentication: 'wait',
  })
  const asked = result.outcome === 'requires_action'
  const hard = asked || payments.isHardDecline(result.code, result.decline_code)
  return { result, hard }
}

/** A bank debit is on its way: a subscription that waited for its first payment starts on trust. */
export function recordProcessing(billing: Billing, id: string): void {
  const invoice = billing.store.invoices.need(id)
  billing.store.collections.put({ ...collectionOf(billing, id), processing: true })
  changeInvoice(billing, invoice, { ...invoice, attempted: true })
  const subscription = subscriptionOf(billing, invoice)
  if (subscription?.status === 'incomplete') activate(billing, subscription, invoice)
}

/**
 * The debit has failed after all. Stripe voids a first invoice and lets the subscription run on; a
 * later one has failed as by a card.
 */
export function recordDebitFailure(billing: Billing, id: string): void {
  const { state, store } = billing
  store.collections.put({ ...collectionOf(billing, id), processing: false })
  const invoice = store.invoices.need(id)
  if (invoice.billing_reason !== 'subscription_create') {
    recordFailure(billing, id, { automatic: true })
    return
  }
  const failed = { ...invoice, attempt_count: atLeastOne(invoice) }
  store.invoices.put(failed)
  state.emit('invoice.payment_failed', failed)
  voidInvoice(billing, failed)
}

/**
 * The invoice's own method, else the subscription's, else the customer's; one that was detached is
 * none.
 */
export function defaultMethod(billing: Billing, invoice: Invoice): string | null {
  const methods = billing.state.table('payment_method')
  const isAttached = (id: string) => methods.get(id)?.['customer'] === invoice.customer
  const chosen = [
    invoice.default_payment_method,
    subscriptionOf(billing, invoice)?.default_payment_method ?? null,
    billing.store.customers.need(invoice.customer).invoice_settings.default_payment_method,
  ]
  return chosen.find((id) => id !== null && isAttached(id)) ?? null
}

/** Who paid: billing's own attempt, the customer, or (`out_of_band`) somebody beside Stripe. */
export type PaidBy = 'automatic' | 'customer' | 'out_of_band'

/** The whole amount has come in. */
export function recordPaid(billing: Billing, id: string, by: PaidBy): Invoice {
  const { state, store } = billing
  const invoice = store.invoices.need(id)
  state.unschedule(jobs.retry, id)
  const outOfBand = by === 'out_of_band'
  const counts =
    invoice.amount_due > 0 && !outOfBand && (by === 'automatic' || invoice.attempt_count === 0)
  const after = changeInvoice(billing, invoice, {
    ...invoice,
    status: 'paid',
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempt_count: invoice.attempt_count + (counts ? 1 : 0),
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, paid_at: state.now() },
  })
  state.emit('invoice.paid', after)
  if (!outOfBand) state.emit('invoice.payment_succeeded', after)
  const collection = collectionOf(billing, id)
  if (collection.processing) store.collections.put({ ...collection, processing: false })
  if (!outOfBand) payOff(billing, collection)
  const subscription = subscriptionOf(billing, after)
  if (subscription !== undefined) followInvoices(billing, subscription.id)
  return after
}

function atLeastOne(invoice: Invoice): number {
  return Math.max(1, invoice.attempt_count)
}

function payOff(billing: Billing, { invoice_payment }: Collection): void {
  if (invoice_payment === null) return
  const { state, store } = billing
  const payment = store.invoicePayments.need(invoice_payment)
  const paid = {
    ...payment,
    amount_paid: payment.amount_requested,
    status: 'paid' as const,
    status_transitions: { ...payment.status_transitions, paid_at: state.now() },
  }
  store.invoicePayments.put(paid)
  state.emit('invoice_payment.paid', paid)
}

/**
 * An attempt failed, or could not be made. The first attempt counts, whoever made it; after it only
 * the automatic ones do, and only they move the schedule.
 */
export function recordFailure(
  billing: Billing,
  id: string,
  how: { readonly automatic: boolean; readonly action?: boolean },
): void {
  const { state, store } = billing
  const before = store.invoices.need(id)
  const first = before.attempt_count === 0
  const counts = how.automatic || first
  const invoice: Invoice = {
    ...before,
    attempted: true,
    attempt_count: before.attempt_count + (counts ? 1 : 0),
    next_payment_attempt: counts ? null : before.next_payment_attempt,
  }
  store.invoices.put(invoice)
  state.emit('invoice.payment_failed', invoice)
  if (how.action === true) state.emit('invoice.payment_action_required', invoice)
  const subscription = subscriptionOf(billing, invoice)
  const retried = subscription !== undefined && subscription.status !== 'incomplete'
  const planned = retried && counts ? planRetry(billing, invoice) : invoice
  changeInvoice(billing, before, planned)
  if (subscription === undefined) return
  followInvoices(billing, subscription.id)
  const last = planned.next_payment_attempt === null && invoice.auto_advance
  if (retried && counts && last) exhaust(billing, subscription.id)
}

/** Sets the next retry, counted in days from the first failure; none is left after the last. */
function planRetry(billing: Billing, invoice: Invoice): Invoice {
  const { state, store, options } = billing
  const collection = collectionOf(billing, invoice.id)
  const firstFailedAt = collection.first_failed_at ?? state.now()
  const done = invoice.attempt_count - 1
  store.collections.put({ ...collection, first_failed_at: firstFailedAt })
  const days = invoice.auto_advance ? options.retryDays[done] : undefined
  if (days === undefined) return { ...invoice, next_payment_attempt: null }
  const at = firstFailedAt + days * day
  state.schedule(jobs.retry, invoice.id, at)
  return { ...invoice, next_payment_attempt: at }
}

/** Answers 402 unless the attempt paid; what was done stays if it `keeps`. */
export function throwUnpaid(attempt: Attempt, { keeps }: { readonly keeps: boolean }): void {
  if (attempt.outcome === 'paid' || attempt.outcome === 'processing') return
  if (!('intent' in attempt)) {
    throw new StripeFailure(
      402,
      {
        type: 'card_error',
        code: 'resource_missing',
        message: 'There is no payment method to charge. Attach one and set it as the default.',
      },
      { keeps },
    )
  }
  const { intent } = attempt
  if (attempt.outcome === 'requires_action') {
    throw cardError({
      code: 'invoice_payment_intent_requires_action',
      message:
        'This payment requires additional user action before it can be completed successfully.',
      more: { payment_intent: intent },
      keeps,
    })
  }
  const error = recordAt(intent, 'last_payment_error')
  throw cardError({
    code: textAt(error, 'code') ?? 'card_declined',
    message: textAt(error, 'message') ?? 'Your card was declined.',
    decline_code: textAt(error, 'decline_code'),
    more: { payment_intent: intent },
    keeps,
  })
}
