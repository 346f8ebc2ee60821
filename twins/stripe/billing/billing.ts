import type { SandboxState } from '../../kernel/state.ts'
import type { Payments } from '../payments/payments.ts'
import type { Setups } from '../payments/setup-intents.ts'
import type { BillingStore } from './billing-store.ts'

/** What becomes of a subscription when the last retry of its latest invoice has failed. */
export type WhenExhausted = 'cancel' | 'mark_unpaid' | 'leave_past_due'

/** The account's billing settings, which Stripe keeps in its dashboard. */
export interface BillingOptions {
  /** Days after the first failure on which an invoice is tried again, ascending. */
  readonly retryDays: readonly number[]
  readonly whenExhausted: WhenExhausted
  /** Where the twin's pages are reached, without a slash at the end. */
  publicUrl(): string
}

/**
 * Eight retries in two weeks, the number and window that Stripe recommends for Smart Retries.
 * Stripe picks the moments by a model of its own; these are evenly spread, so that a test can name
 * each day.
 */
export const defaultRetryDays: readonly number[] = [1, 3, 5, 7, 9, 11, 13, 14]

/** What billing works with. */
export interface Billing {
  readonly state: SandboxState
  readonly store: BillingStore
  readonly payments: Payments
  readonly setups: Setups
  readonly options: BillingOptions
}

export const hour = 3_600
export const day = 24 * hour

/** A renewal's invoice stays a draft for an hour, in which its lines may still change. */
export const draftSeconds = hour
/** So long a draft waits for a 2xx to its `invoice.created`. */
export const draftWaitSeconds = 72 * hour
/**
 * The time in which the first invoice must be paid, after which the subscription has never been.
 */
export const firstPaymentSeconds = 23 * hour
/** `customer.subscription.trial_will_end` comes three days before. */
export const trialNoticeSeconds = 3 * day

/** Names of the jobs that billing schedules; each takes the id of the object that it acts on. */
export const jobs = {
  turn: 'subscription.turn',
  expire: 'subscription.expire',
  trialNotice: 'subscription.trial_notice',
  finalize: 'invoice.finalize',
  retry: 'invoice.retry',
  expireSession: 'checkout.expire',
} as const
