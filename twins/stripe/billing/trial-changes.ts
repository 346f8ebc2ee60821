import { invalidRequest } from '../api/failure.ts'
import { changeSubscription } from './billing-changes.ts'
import { periodHolding, type Period } from './billing-periods.ts'
import type { Subscription } from './billing-records.ts'
import { day, type Billing } from './billing.ts'
import { attemptPayment, finalizeInvoice } from './invoice-collection.ts'
import { draftInvoice } from './invoice-draft.ts'
import { planTrialNotice, recurrenceOf } from './renewal.ts'
import { scheduleTurn } from './subscription-status.ts'

const trialDaysMax = 730

/**
 * Moves the end of a trial, and with it the anchor of the periods after it. `now` ends it: the
 * first paid period begins, and its invoice is charged within the call, not an hour later.
 */
export function changeTrial(
  billing: Billing,
  subscription: Subscription,
  to: 'now' | number,
): Subscription {
  const now = billing.state.now()
  if (subscription.status !== 'trialing') {
    throw invalidRequest(
      'trial_end',
      'The sandbox changes the trial of a trialing subscription only.',
    )
  }
  if (to === 'now') return endTrial(billing, subscription, now)
  if (to <= now || to > now + trialDaysMax * day) {
    throw invalidRequest('trial_end', 'The trial must end in the future, within two years.')
  }
  const period = { start: subscription.trial_start ?? now, end: to }
  const moved = changeSubscription(billing, subscription, {
    ...withPeriod(subscription, period),
    billing_cycle_anchor: to,
    trial_end: to,
  })
  planTrialNotice(billing, moved)
  scheduleTurn(billing, moved)
  return moved
}

function withPeriod(subscription: Subscription, { start, end }: Period): Subscription {
  const data = subscription.items.data.map((item) => ({
    ...item,
    current_period_start: start,
    current_period_end: end,
  }))
  return { ...subscription, items: { ...subscription.items, data } }
}

function endTrial(billing: Billing, subscription: Subscription, now: number): Subscription {
  const { store } = billing
  const period = periodHolding(now, recurrenceOf(subscription), now)
  const ended: Subscription = {
    ...withPeriod(subscription, period),
    status: 'active',
    billing_cycle_anchor: now,
    trial_end: now,
  }
  const draft = draftInvoice(billing, ended, {
    reason: 'subscription_update',
    period,
    lookback: { start: subscription.trial_start ?? now, end: now },
    share: 1,
    finalizesAt: now,
  })
  const active = changeSubscription(billing, subscription, { ...ended, latest_invoice: draft.id })
  planTrialNotice(billing, active)
  scheduleTurn(billing, active)
  const invoice = finalizeInvoice(billing, draft)
  if (invoice.status === 'open') {
    attemptPayment(billing, invoice, { automatic: true, offSession: true })
  }
  return store.subscriptions.need(subscription.id)
}
