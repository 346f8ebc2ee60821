import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest } from '../api/failure.ts'
import type { Invoice, Subscription } from './billing-records.ts'
import { firstPaymentSeconds, jobs, type Billing } from './billing.ts'
import {
  attemptPayment,
  defaultMethod,
  finalizeInvoice,
  throwUnpaid,
} from './invoice-collection.ts'
import { draftInvoice } from './invoice-draft.ts'
import { planTrialNotice } from './renewal.ts'
import { newSubscription } from './subscription-object.ts'
import type { CreateSubscription } from './subscription-params.ts'
import { planOf, type Plan } from './subscription-plan.ts'
import { scheduleTurn } from './subscription-status.ts'

/**
 * Creates a subscription and its first invoice, finalised at once. With `default_incomplete` the
 * invoice waits for the customer; otherwise it is charged within the call. The subscription's own
 * event comes last, after those of its invoice, with the status that all this led to.
 */
export function createSubscription(billing: Billing, input: CreateSubscription): Subscription {
  const { state, store } = billing
  const plan = planOf(billing, input)
  const subscription = newSubscription(billing, input, plan)
  store.subscriptions.put(subscription)
  // Until it is announced, changes of its status are nobody's news.
  const quiet = { ...billing, state: without(state, 'customer.subscription.updated') }
  firstInvoice(quiet, subscription, { input, plan })
  if (input.payment_behavior === 'default_incomplete') askForCard(billing, subscription.id)
  const created = store.subscriptions.need(subscription.id)
  state.emit('customer.subscription.created', created)
  if (created.status === 'trialing') planTrialNotice(billing, created)
  if (created.status !== 'incomplete') scheduleTurn(billing, created)
  return created
}

/** Where nothing is due yet, a setup intent collects the card for later. */
function askForCard({ store, setups }: Billing, id: string): void {
  const subscription = store.subscriptions.need(id)
  if (subscription.status === 'incomplete' || subscription.default_payment_method !== null) return
  const pending_setup_intent = setups.create(subscription.customer).id
  store.subscriptions.put({ ...subscription, pending_setup_intent })
}

function without(state: SandboxState, type: string): SandboxState {
  return {
    ...state,
    emit: (name, object, previous) => {
      if (name !== type) state.emit(name, object, previous)
    },
  }
}

interface First {
  readonly input: CreateSubscription
  readonly plan: Plan
}

function firstInvoice(billing: Billing, subscription: Subscription, { input, plan }: First): void {
  const { state, store } = billing
  const draft = draftInvoice(billing, subscription, {
    reason: 'subscription_create',
    period: plan.period,
    lookback: { start: plan.period.start, end: plan.period.start },
    share: plan.share,
    finalizesAt: null,
  })
  store.subscriptions.put({ ...subscription, latest_invoice: draft.id })
  const invoice = finalizeInvoice(billing, draft)
  if (invoice.status !== 'open') return
  state.schedule(jobs.expire, subscription.id, state.now() + firstPaymentSeconds)
  if (input.payment_behavior !== 'default_incomplete') charge(billing, invoice, input)
}

function charge(billing: Billing, invoice: Invoice, input: CreateSubscription): void {
  if (defaultMethod(billing, invoice) === null) {
    throw invalidRequest(
      null,
      'This customer has no attached payment source or default payment method. Please consider ' +
        'adding a default payment method.',
      'resource_missing',
    )
  }
  const offSession = input.off_session ?? false
  const attempt = attemptPayment(billing, invoice, { automatic: true, offSession })
  if (input.payment_behavior === 'error_if_incomplete') throwUnpaid(attempt, { keeps: false })
}
