import { previousAttributes } from '../../kernel/fields.ts'
import type { Collection, Invoice, Subscription } from './billing-records.ts'
import type { Billing } from './billing.ts'

/**
 * Stores the changed subscription; where a field differs, `customer.subscription.updated` says
 * which.
 */
export function changeSubscription(
  billing: Billing,
  before: Subscription,
  after: Subscription,
): Subscription {
  const previous = previousAttributes(before, after)
  if (Object.keys(previous).length === 0) return after
  billing.store.subscriptions.put(after)
  billing.state.emit('customer.subscription.updated', after, previous)
  return after
}

/** Stores the changed invoice; where a field differs, `invoice.updated` says which. */
export function changeInvoice(billing: Billing, before: Invoice, after: Invoice): Invoice {
  const previous = previousAttributes(before, after)
  if (Object.keys(previous).length === 0) return after
  billing.store.invoices.put(after)
  billing.state.emit('invoice.updated', after, previous)
  return after
}

/** The subscription that an invoice bills, if one does. */
export function subscriptionOf(billing: Billing, invoice: Invoice): Subscription | undefined {
  const id = invoice.parent?.subscription_details.subscription
  return id === undefined ? undefined : billing.store.subscriptions.find(id)
}

/** The invoices of a subscription, oldest first. */
export function invoicesOf(billing: Billing, subscription: string): readonly Invoice[] {
  return billing.store.invoices.where('parent.subscription_details.subscription', subscription)
}

/** The hidden half of an invoice. */
export function collectionOf(billing: Billing, invoice: string): Collection {
  return billing.store.collections.need(collectionId(invoice))
}

export function collectionId(invoice: string): string {
  return `${invoice}/collection`
}
