/**
 * Refusals after which Stripe sends nothing more to the bank until there is another payment method
 * (docs.stripe.com, Smart Retries: hard declines). `authentication_required` is among them: only
 * the customer can mend it.
 */
export const hardDeclines: ReadonlySet<string> = new Set([
  'incorrect_number',
  'lost_card',
  'pickup_card',
  'stolen_card',
  'revocation_of_authorization',
  'revocation_of_all_authorizations',
  'authentication_required',
  'highest_risk_level',
  'transaction_not_allowed',
])

export function isHardDecline(code: string | null): code is string {
  return code !== null && hardDeclines.has(code)
}
