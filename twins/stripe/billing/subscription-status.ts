import { changeInvoice, changeSubscription, collectionOf, invoicesOf } from './billing-changes.ts'
import type { Invoice, Subscription } from './billing-records.ts'
import { jobs, type Billing } from './billing.ts'

/** Sets the alarm for the end of the period, or for the planned cancellation if that is sooner. */
export function scheduleTurn(billing: Billing, subscription: Subscription): void {
  const end = periodEnd(subscription)
  const at = subscription.cancel_at === null ? end : Math.min(end, subscription.cancel_at)
  billing.state.schedule(jobs.turn, subscription.id, at)
}

export function periodEnd(subscription: Subscription): number {
  return Math.max(...subscription.items.data.map((item) => item.current_period_end))
}

/**
 * Brings the status in line with the invoices: only the newest finalised one that is not void
 * counts, and paid or uncollectible both settle it.
 */
export function followInvoices(billing: Billing, id: string): void {
  const subscription = billing.store.subscriptions.need(id)
  const finalised = invoicesOf(billing, id).filter((invoice) => invoice.status !== 'draft')
  if (subscription.status === 'incomplete') return followFirst(billing, subscription, finalised)
  const latest = finalised.findLast((invoice) => invoice.status !== 'void')
  const settled = latest === undefined || latest.status !== 'open'
  const failed = !settled && latest.attempted && !collectionOf(billing, latest.id).processing
  const { status } = subscription
  if (settled && (status === 'past_due' || status === 'unpaid')) {
    changeSubscription(billing, subscription, { ...subscription, status: 'active' })
  }
  if (failed && (status === 'active' || status === 'trialing')) {
    changeSubscription(billing, subscription, { ...subscription, status: 'past_due' })
  }
}

function followFirst(
  billing: Billing,
  subscription: Subscription,
  finalised: readonly Invoice[],
): void {
  const first = finalised[0]
  if (first?.status === 'void') return expireIncomplete(billing, subscription.id)
  if (first === undefined || first.status === 'open') return
  activate(billing, subscription, first)
}

/** The first invoice is paid, or on its way to be. */
export function activate(billing: Billing, subscription: Subscription, first: Invoice): void {
  billing.state.unschedule(jobs.expire, subscription.id)
  const active = changeSubscription(billing, subscription, {
    ...subscription,
    ...savedMethod(billing, subscription, first),
    status: 'active',
  })
  scheduleTurn(billing, active)
}

/** The method that paid, where the subscription was told to keep it. */
function savedMethod(billing: Billing, subscription: Subscription, paid: Invoice) {
  const kept = { default_payment_method: subscription.default_payment_method }
  if (subscription.payment_settings.save_default_payment_method !== 'on_subscription') return kept
  const intent = collectionOf(billing, paid.id).payment_intent
  const method = intent === null ? null : billing.store.intents.need(intent).payment_method
  return method === null ? kept : { default_payment_method: method }
}

/** The first invoice was not paid in time, or was voided: the subscription has never been. */
export function expireIncomplete(billing: Billing, id: string): void {
  const subscription = billing.store.subscriptions.find(id)
  if (subscription?.status !== 'incomplete') return
  billing.state.unschedule(jobs.expire, id)
  const ended_at = billing.state.now()
  changeSubscription(billing, subscription, {
    ...subscription,
    ended_at,
    status: 'incomplete_expired',
  })
  for (const invoice of invoicesOf(billing, id)) {
    if (invoice.status === 'open') voidInvoice(billing, invoice)
  }
}

export interface EndReason {
  readonly reason: 'cancellation_requested' | 'payment_failed'
  readonly comment?: string | null | undefined
  readonly feedback?: string | null | undefined
}

/**
 * Ends a subscription for good. Its drafts and open invoices stay as they are, and nothing collects
 * them any more; one that was never paid expires instead, and its invoice is voided.
 */
export function endSubscription(
  billing: Billing,
  subscription: Subscription,
  ending: EndReason,
): Subscription {
  const { state, store } = billing
  const { id, cancellation_details: told } = subscription
  const incomplete = subscription.status === 'incomplete'
  const ended: Subscription = {
    ...subscription,
    status: incomplete ? 'incomplete_expired' : 'canceled',
    canceled_at: subscription.canceled_at ?? state.now(),
    ended_at: state.now(),
    cancellation_details: {
      ...told,
      comment: ending.comment ?? told.comment,
      feedback: ending.feedback ?? told.feedback,
      reason: ending.reason,
    },
  }
  store.subscriptions.put(ended)
  for (const kind of [jobs.turn, jobs.expire, jobs.trialNotice]) state.unschedule(kind, id)
  state.emit('customer.subscription.deleted', ended)
  for (const invoice of invoicesOf(billing, id)) {
    if (invoice.status === 'open' && incomplete) voidInvoice(billing, invoice)
    else stopCollecting(billing, invoice)
  }
  return ended
}

/** The last retry has failed: what the account's settings say happens to the subscription. */
export function exhaust(billing: Billing, id: string): void {
  const subscription = billing.store.subscriptions.need(id)
  if (subscription.status !== 'past_due') return
  switch (billing.options.whenExhausted) {
    case 'cancel':
      endSubscription(billing, subscription, { reason: 'payment_failed' })
      return
    case 'mark_unpaid':
      changeSubscription(billing, subscription, { ...subscription, status: 'unpaid' })
      return
    case 'leave_past_due':
  }
}

function stopCollecting(billing: Billing, invoice: Invoice): void {
  if (invoice.status !== 'open' && invoice.status !== 'draft') return
  billing.state.unschedule(jobs.finalize, invoice.id)
  billing.state.unschedule(jobs.retry, invoice.id)
  changeInvoice(billing, invoice, {
    ...invoice,
    auto_advance: false,
    automatically_finalizes_at: null,
    next_payment_attempt: null,
  })
}

/**
 * Takes an open or uncollectible invoice back: nothing is due, and its payment intent is canceled.
 */
export function voidInvoice(billing: Billing, invoice: Invoice): Invoice {
  const after = closeInvoice(billing, invoice, 'void')
  closePayment(billing, invoice.id)
  billing.state.emit('invoice.voided', after)
  return after
}

/** Gives an open invoice up. It may still be paid. */
export function markUncollectible(billing: Billing, invoice: Invoice): Invoice {
  const after = closeInvoice(billing, invoice, 'uncollectible')
  billing.state.emit('invoice.marked_uncollectible', after)
  return after
}

function closeInvoice(
  billing: Billing,
  invoice: Invoice,
  status: 'void' | 'uncollectible',
): Invoice {
  const { state } = billing
  state.unschedule(jobs.retry, invoice.id)
  const stamp = status === 'void' ? 'voided_at' : 'marked_uncollectible_at'
  return changeInvoice(billing, invoice, {
    ...invoice,
    status,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, [stamp]: state.now() },
  })
}

/** Payment intents that nothing can cancel any more. */
const ended: ReadonlySet<string> = new Set(['succeeded', 'canceled', 'processing'])

/** Ends the open payment of an invoice without money. */
export function closePayment(billing: Billing, invoiceId: string): void {
  const { state, store, payments } = billing
  const { invoice_payment, payment_intent } = collectionOf(billing, invoiceId)
  if (invoice_payment === null || payment_intent === null) return
  const payment = store.invoicePayments.need(invoice_payment)
  if (payment.status !== 'open') return
  store.invoicePayments.put({
    ...payment,
    status: 'canceled',
    status_transitions: { ...payment.status_transitions, canceled_at: state.now() },
  })
  if (ended.has(store.intents.need(payment_intent).status)) return
  payments.cancel(payment_intent, 'void_invoice')
}
