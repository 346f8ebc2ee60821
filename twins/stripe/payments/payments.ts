import type { JsonObject } from '../../../values/json.ts'
import type { StripeObject } from '../../kernel/objects.ts'

/** How an attempt to pay ended, or for what it waits. */
export type PaymentOutcome = 'succeeded' | 'requires_action' | 'processing' | 'declined'

export interface Confirmation {
  /** An attached `pm_…`; without it, the one that the intent has already. */
  readonly payment_method?: string
  /** The customer is not there. */
  readonly off_session: boolean
  /**
   * What happens if the bank wants the customer although `off_session`: `wait` leaves the intent at
   * `requires_action`, as Stripe Billing does; `fail` ends it with `authentication_required`, as a
   * merchant's own off-session charge does.
   */
  readonly authentication: 'wait' | 'fail'
  /** Where the 3-D Secure page sends the customer afterwards. */
  readonly return_url?: string
}

export interface PaymentResult {
  readonly outcome: PaymentOutcome
  readonly intent: StripeObject
  /** Set when declined: `code` is that of the error, `decline_code` the bank's, if it gave one. */
  readonly code: string | null
  readonly decline_code: string | null
}

export interface NewPaymentIntent {
  /** Minor units. */
  readonly amount: number
  readonly currency: string
  readonly customer: string | null
  readonly metadata?: JsonObject
  readonly description?: string
  readonly payment_method?: string
  readonly setup_future_usage?: 'off_session' | 'on_session'
}

/** What has become of an intent: also `canceled`, which no confirmation returns. */
export type Settlement = PaymentOutcome | 'canceled'

/** The seam between payments and billing. All calls belong inside a unit of work. */
export interface Payments {
  /**
   * At `requires_payment_method`, or `requires_confirmation` if a method is given. Emits `created`.
   */
  create(intent: NewPaymentIntent): StripeObject
  /**
   * Asks the simulated bank. Emits charge.* and payment_intent.* events, calls the settlement
   * handlers, then returns; it throws only if the intent or the method cannot be confirmed at all.
   */
  confirm(id: string, confirmation: Confirmation): PaymentResult
  /** Emits `payment_intent.canceled` and calls the handlers. Throws if it has ended. */
  cancel(id: string, reason: string | null): StripeObject
  /**
   * Called, inside the unit, whenever an intent gets a new settlement, whoever began it: a
   * confirmation of billing's own, a client's, the 3-D Secure page, a bank debit that ends days
   * later, or a cancel.
   */
  onSettled(handler: (intent: StripeObject, settlement: Settlement) => void): void
  /**
   * True if Stripe would not send another attempt with this method to the bank, because the last
   * one ended in a hard decline.
   */
  isHardDecline(code: string | null, declineCode: string | null): boolean
}
