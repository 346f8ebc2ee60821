import { Stripe } from 'stripe'
import { RetryLater } from '../../../actors/port-errors.ts'
import { StripeSetupError, waitingForKey } from '../access.ts'

const { errors } = Stripe

/** Stripe refused the request for good. The message has Stripe's words as `shown` leaves them. */
export class StripeRefused extends Error {
  override readonly name = 'StripeRefused'
  readonly code = 'stripe_refused'
}

/** Stripe says that there is no such object. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof errors.StripeInvalidRequestError &&
    (error.statusCode === 404 || error.code === 'resource_missing')
  )
}

/**
 * A no that the same request would get again: a decline, or a request that Stripe does not accept.
 */
export function isRefusal(error: unknown): error is Stripe.errors.StripeError {
  return (
    error instanceof errors.StripeCardError || error instanceof errors.StripeInvalidRequestError
  )
}

/**
 * Stripe answers 429 to what comes too fast; and to what is locked, of which our pace is not the
 * reason.
 */
export function isRateLimit(error: unknown): error is Stripe.errors.StripeRateLimitError {
  return error instanceof errors.StripeRateLimitError && error.code !== 'lock_timeout'
}

export function isDecline(error: unknown): error is Stripe.errors.StripeCardError {
  return error instanceof errors.StripeCardError
}

/**
 * A 500 that Stripe stored under the idempotency key, and repeats for a day
 * (docs.stripe.com/api/idempotent_requests): this key will never get another answer.
 */
export function isStoredFailure(error: unknown): boolean {
  return (
    error instanceof errors.StripeError &&
    (error.statusCode ?? 0) >= 500 &&
    error.headers?.['idempotent-replayed'] === 'true'
  )
}

/** The key was used for a request that differs, as by a default card that has changed since. */
export function isKeyReused(error: unknown): boolean {
  return error instanceof errors.StripeIdempotencyError
}

/**
 * What a failed call means for its effect: RetryLater where another try may help, which is wherever
 * the outcome is not known; anything else parks it, and says what to mend. What parks does not bear
 * Stripe's own error as its cause, because an operator reads it, and Stripe's words name e-mail
 * addresses.
 */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof errors.StripeError)) return error
  if (error instanceof errors.StripeAuthenticationError) {
    const message =
      'Stripe refused our secret key (401): set STRIPE_SECRET_KEY to one that is valid.'
    return waitingForKey(new StripeSetupError('stripe_key_refused', message))
  }
  if (error instanceof errors.StripePermissionError) {
    const message = `Our Stripe key may not do this (403): give it the permission. ${shown(error)}`
    return waitingForKey(new StripeSetupError('stripe_key_forbidden', message))
  }
  if (error instanceof errors.StripeIdempotencyError) {
    const message = `One idempotency key was used for two requests: this is a bug. ${shown(error)}`
    return new StripeRefused(message)
  }
  const status = error.statusCode ?? 0
  const isTransient =
    error instanceof errors.StripeConnectionError ||
    error instanceof errors.StripeRateLimitError ||
    status === 409 ||
    status >= 500 ||
    // An answer that is no JSON, as of a proxy between: the SDK does not tell its status.
    (error instanceof errors.StripeAPIError && status === 0)
  if (!isTransient) {
    const message = `Stripe refused it (${reasonOf(error)}): mend that, then retry. ${shown(error)}`
    return new StripeRefused(message)
  }
  const afterMs = retryAfterMs(error)
  const wait = afterMs === null ? {} : { afterMs }
  return new RetryLater(`Stripe did not answer for good: ${reasonOf(error)}`, {
    ...wait,
    cause: error,
  })
}

function reasonOf({ statusCode, code, type }: Stripe.errors.StripeError): string {
  return [statusCode ?? 'no answer', code ?? type].join(' ')
}

/** How long Stripe asks us to wait, where it does. */
export function retryAfterMs({ headers }: Stripe.errors.StripeError): number | null {
  const seconds = Number(headers?.['retry-after'] ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds * 1000) : null
}

const secrets = [
  /\b(?:sk|rk|pk|whsec|ek)_\w+/g,
  /\w+_secret_\w+/g,
  /\btok_\w+/g,
  /[^\s@'"<>]+@[^\s@'"<>]+/g,
  /\b\d{12,19}\b/g,
]

/** Stripe's words without keys, client secrets, tokens, card numbers or e-mail addresses. */
export function shown({ message }: { readonly message: string }): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message).slice(0, 500)
}
