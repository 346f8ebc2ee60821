import { textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import type { Part } from '../api/parts.ts'
import type { Payments, Settlement } from '../payments/payments.ts'
import type { Setups } from '../payments/setup-intents.ts'
import { changeSubscription } from './billing-changes.ts'
import { createBillingStore } from './billing-store.ts'
import { defaultRetryDays, type Billing, type BillingOptions } from './billing.ts'
import {
  recordDebitFailure,
  recordFailure,
  recordPaid,
  recordProcessing,
} from './invoice-collection.ts'
import { invoicePaymentRoutes } from './invoice-payments.ts'
import { invoiceIncludable, invoiceRoutes } from './invoices.ts'
import { registerBillingJobs } from './renewal.ts'
import { endSubscription } from './subscription-status.ts'
import { subscriptionRoutes } from './subscriptions.ts'

export interface BillingPorts {
  readonly state: SandboxState
  readonly payments: Payments
  readonly setups: Setups
  /** Ends the subscriptions of a customer who is being deleted. */
  onCustomerDeleted(watcher: (customer: StripeObject) => void): void
  /** Settings that differ from the defaults: eight retries in two weeks, then `leave_past_due`. */
  readonly options: Pick<BillingOptions, 'publicUrl'> & Partial<BillingOptions>
}

/**
 * Subscriptions, their invoices and the payments of these. `billing` is what Checkout builds on.
 */
export function createBilling(ports: BillingPorts): {
  readonly part: Part
  readonly billing: Billing
} {
  const { state, payments, setups, options } = ports
  const billing: Billing = {
    state,
    payments,
    setups,
    store: createBillingStore(state),
    options: { retryDays: defaultRetryDays, whenExhausted: 'leave_past_due', ...options },
  }
  registerBillingJobs(billing)
  payments.onSettled((intent, settlement) => settle(billing, intent, settlement))
  setups.onSucceeded((intent) => keepMethod(billing, intent))
  ports.onCustomerDeleted(({ id }) => endAll(billing, id))
  const part: Part = {
    routes: [
      ...subscriptionRoutes(billing),
      ...invoiceRoutes(billing),
      ...invoicePaymentRoutes(billing),
    ],
    includable: invoiceIncludable(billing),
  }
  return { part, billing }
}

/** The card that a trial's setup intent was to collect is there. */
function keepMethod(billing: Billing, intent: StripeObject): void {
  const found = billing.store.subscriptions.where('pending_setup_intent', intent.id)
  for (const subscription of found) {
    const keeps = subscription.payment_settings.save_default_payment_method === 'on_subscription'
    changeSubscription(billing, subscription, {
      ...subscription,
      pending_setup_intent: null,
      default_payment_method: keeps
        ? textAt(intent, 'payment_method')
        : subscription.default_payment_method,
    })
  }
}

function endAll(billing: Billing, customer: string): void {
  for (const subscription of billing.store.subscriptions.where('customer', customer)) {
    if (subscription.ended_at !== null) continue
    endSubscription(billing, subscription, { reason: 'cancellation_requested' })
  }
}

/**
 * A customer's own confirmation has ended an invoice's intent, or begins to ask for authentication.
 */
function settle(billing: Billing, intent: StripeObject, settlement: Settlement): void {
  const [collection] = billing.store.collections.where('payment_intent', intent.id)
  if (collection === undefined || collection.confirming) return
  const id = collection.invoice
  switch (settlement) {
    case 'succeeded':
      recordPaid(billing, id, 'customer')
      return
    case 'declined':
      if (collection.processing) recordDebitFailure(billing, id)
      else recordFailure(billing, id, { automatic: false })
      return
    case 'processing':
      recordProcessing(billing, id)
      return
    case 'canceled':
    case 'requires_action':
  }
}
