/** Stripe's subscription statuses. */
export const observedStatuses = [
  'incomplete',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
  'incomplete_expired',
] as const

/** Stripe's, and the one of ours for what is not confirmed yet. */
export const subscriptionStatuses = ['unknown', ...observedStatuses] as const
export type SubscriptionStatus = (typeof subscriptionStatuses)[number]

/**
 * Every step that Stripe documents between two statuses
 * (docs.stripe.com/billing/subscriptions/overview, and the pause endpoint of 2026-09-30.endive). An
 * observed jump that is not here means that something between was missed: it is believed, and a
 * fresh read is asked for.
 */
export const legalSteps: Readonly<Record<SubscriptionStatus, readonly SubscriptionStatus[]>> = {
  unknown: [...subscriptionStatuses],
  incomplete: ['active', 'trialing', 'incomplete_expired', 'canceled'],
  trialing: ['active', 'past_due', 'paused', 'canceled'],
  active: ['past_due', 'unpaid', 'paused', 'canceled', 'trialing'],
  past_due: ['active', 'unpaid', 'paused', 'canceled'],
  unpaid: ['active', 'paused', 'canceled', 'past_due'],
  paused: ['active', 'trialing', 'past_due', 'canceled'],
  canceled: [],
  incomplete_expired: [],
}

export function isSubscriptionStatus(status: string): status is SubscriptionStatus {
  return subscriptionStatuses.some((known) => known === status)
}

/** True if nothing has to have happened between the two. */
export function isLegalStep(from: string, to: string): boolean {
  if (from === to || !isSubscriptionStatus(from) || !isSubscriptionStatus(to)) return true
  return legalSteps[from].includes(to)
}
