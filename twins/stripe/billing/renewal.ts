import { changeSubscription } from './billing-changes.ts'
import { periodHolding, type Period, type Recurrence } from './billing-periods.ts'
import type { Invoice, Subscription } from './billing-records.ts'
import {
  draftSeconds,
  draftWaitSeconds,
  jobs,
  trialNoticeSeconds,
  type Billing,
} from './billing.ts'
import { attemptPayment, finalizeInvoice } from './invoice-collection.ts'
import { draftInvoice } from './invoice-draft.ts'
import {
  endSubscription,
  expireIncomplete,
  periodEnd,
  scheduleTurn,
} from './subscription-status.ts'

/** Registers what billing does by itself as time goes by. */
export function registerBillingJobs(billing: Billing): void {
  const { state, store } = billing
  state.onJob(jobs.turn, (id) => turn(billing, id))
  state.onJob(jobs.expire, (id) => expireIncomplete(billing, id))
  state.onJob(jobs.trialNotice, (id) => {
    const subscription = store.subscriptions.find(id)
    if (subscription?.status === 'trialing') noticeTrialEnd(billing, subscription)
  })
  state.onJob(jobs.finalize, (id) => finalizeDraft(billing, id))
  state.onJob(jobs.retry, (id) => {
    const invoice = store.invoices.find(id)
    if (invoice?.status === 'open') collect(billing, invoice)
  })
}

/**
 * Ends a renewal's draft and charges it. While the platform has not acknowledged `invoice.created`
 * Stripe waits, for 72 hours at most; the twin looks again every hour.
 */
function finalizeDraft(billing: Billing, id: string): void {
  const { state, store } = billing
  const draft = store.invoices.find(id)
  if (draft?.status !== 'draft') return
  const last = draft.created + draftWaitSeconds
  if (state.now() < last && isUnacknowledged(billing, id)) {
    state.schedule(jobs.finalize, id, Math.min(last, state.now() + draftSeconds))
    return
  }
  const invoice = finalizeInvoice(billing, draft)
  if (invoice.status === 'open') collect(billing, invoice)
}

function isUnacknowledged({ state }: Billing, invoice: string): boolean {
  const told = state.table('event').where('data.object.id', invoice)
  const created = told.find((event) => event['type'] === 'invoice.created')
  return created !== undefined && created['pending_webhooks'] !== 0
}

function collect(billing: Billing, invoice: Invoice): void {
  attemptPayment(billing, invoice, { automatic: true, offSession: true })
}

/** Plans `customer.subscription.trial_will_end`; a trial that ends sooner says so at once. */
export function planTrialNotice(billing: Billing, subscription: Subscription): void {
  if (subscription.trial_end === null) return
  const { state } = billing
  const at = subscription.trial_end - trialNoticeSeconds
  state.unschedule(jobs.trialNotice, subscription.id)
  if (at > state.now()) state.schedule(jobs.trialNotice, subscription.id, at)
  else noticeTrialEnd(billing, subscription)
}

function noticeTrialEnd(billing: Billing, subscription: Subscription): void {
  billing.state.emit('customer.subscription.trial_will_end', subscription)
}

/** A period has ended, or the moment of a planned cancellation has come. */
function turn(billing: Billing, id: string): void {
  const subscription = billing.store.subscriptions.find(id)
  if (subscription === undefined) return
  const now = billing.state.now()
  if (subscription.cancel_at !== null && subscription.cancel_at <= now) {
    endSubscription(billing, subscription, { reason: 'cancellation_requested' })
    return
  }
  if (subscription.status === 'trialing' && !mayBill(billing, subscription)) return
  renew(billing, subscription)
}

/**
 * Whether a trial may turn into a paid period; without a payment method the subscription's settings
 * say.
 */
function mayBill(billing: Billing, subscription: Subscription): boolean {
  const customer = billing.store.customers.need(subscription.customer)
  const method =
    subscription.default_payment_method ?? customer.invoice_settings.default_payment_method
  if (method !== null) return true
  const missing = subscription.trial_settings.end_behavior.missing_payment_method
  if (missing === 'cancel') {
    endSubscription(billing, subscription, { reason: 'cancellation_requested' })
  }
  if (missing === 'pause') pause(billing, subscription)
  return missing === 'create_invoice'
}

/** Stops the cycle until the subscription is resumed. */
function pause(billing: Billing, subscription: Subscription): void {
  const { state } = billing
  const paused = changeSubscription(billing, subscription, {
    ...subscription,
    status: 'paused',
    status_details: {
      paused: {
        subscription: { type: 'trial_end_without_payment_method' },
        transitioned_at: state.now(),
        type: 'subscription',
      },
    },
  })
  state.emit('customer.subscription.paused', paused)
}

/**
 * Begins the next period: it shows on the subscription at once, its invoice is a draft for an hour
 * and is charged then. Until that charge has failed the status stays as it was, or turns active
 * after a trial.
 */
function renew(billing: Billing, subscription: Subscription): void {
  const { state } = billing
  const period = nextPeriod(subscription)
  const finalizesAt = subscription.status === 'unpaid' ? null : state.now() + draftSeconds
  const moved: Subscription = {
    ...subscription,
    status: subscription.status === 'trialing' ? 'active' : subscription.status,
    items: {
      ...subscription.items,
      data: subscription.items.data.map((item) => move(item, period)),
    },
  }
  const [item] = subscription.items.data
  const invoice = draftInvoice(billing, moved, {
    reason: 'subscription_cycle',
    period,
    lookback: { start: item?.current_period_start ?? period.start, end: period.start },
    share: 1,
    finalizesAt,
  })
  if (finalizesAt !== null) state.schedule(jobs.finalize, invoice.id, finalizesAt)
  const renewed = changeSubscription(billing, subscription, {
    ...moved,
    latest_invoice: invoice.id,
  })
  scheduleTurn(billing, renewed)
}

function move<T extends object>(item: T, { start, end }: Period) {
  return { ...item, current_period_start: start, current_period_end: end }
}

function nextPeriod(subscription: Subscription): Period {
  const { billing_cycle_anchor: anchor } = subscription
  return periodHolding(anchor, recurrenceOf(subscription), periodEnd(subscription))
}

/** How often it bills: the same for all its items. */
export function recurrenceOf(subscription: Subscription): Recurrence {
  const every = subscription.items.data[0]?.price.recurring
  if (every !== null && every !== undefined) return every
  throw new TypeError(`${subscription.id} has no recurring price`)
}
