import { Stripe } from 'stripe'
import { type Instant, secondsOf } from '../../values/instant.ts'

export interface SignedBody {
  /** The body as it came: parsing and printing it again would break the signature. */
  readonly rawBody: Uint8Array | string
  /** The header `Stripe-Signature`. */
  readonly signatureHeader: string | null
  /** All that are valid now: while a secret is rolled, two. */
  readonly secrets: readonly string[]
  /**
   * How far the signature's time may be from ours, either way. Never 0, which Stripe takes for
   * "any".
   */
  readonly toleranceSeconds: number
  readonly now: Instant
}

export type VerifyResult =
  | {
      readonly ok: true
      readonly event: unknown
      readonly body: string
      readonly skewSeconds: number
    }
  | {
      readonly ok: false
      readonly code: VerifyCode
      readonly message: string
      /** How far our clock is ahead of the signature's; only where the signature itself is good. */
      readonly skewSeconds?: number
    }

export type VerifyCode =
  | 'signature_missing'
  | 'signature_invalid'
  | 'signature_too_old'
  | 'signature_from_future'
  | 'body_not_json'

/**
 * Checks who signed the body and when, by Stripe's own rule (docs.stripe.com/webhooks/signature),
 * and parses it. Pure: the time is an argument. Throws RangeError if the tolerance is not positive.
 */
export function verifyWebhook(signed: SignedBody): VerifyResult {
  const { rawBody, signatureHeader, secrets, toleranceSeconds, now } = signed
  if (!(toleranceSeconds > 0)) {
    throw new RangeError(`toleranceSeconds must be more than 0, got ${toleranceSeconds}`)
  }
  if (signatureHeader === null || signatureHeader.trim() === '') {
    return refusal('signature_missing', 'Send the header Stripe-Signature, as Stripe does.')
  }
  const body = textOf(rawBody)
  const signedBySecret = (secret: string) => isSignedBy({ body, header: signatureHeader, secret })
  if (body === null || !secrets.some(signedBySecret)) {
    return refusal(
      'signature_invalid',
      'No signature in Stripe-Signature fits the body. Check the endpoint’s signing secret.',
    )
  }
  const skewSeconds = secondsOf(now) - signedAt(signatureHeader)
  if (Number.isNaN(skewSeconds)) {
    return refusal('signature_invalid', 'The time in Stripe-Signature is not a number of seconds.')
  }
  if (Math.abs(skewSeconds) > toleranceSeconds) return outsideTolerance(skewSeconds)
  try {
    const event: unknown = JSON.parse(body)
    return { ok: true, event, body, skewSeconds }
  } catch {
    return refusal('body_not_json', 'The body is signed, but is not JSON.')
  }
}

function refusal(code: VerifyCode, message: string): VerifyResult {
  return { ok: false, code, message }
}

function outsideTolerance(skewSeconds: number): VerifyResult {
  const [code, word] =
    skewSeconds > 0
      ? (['signature_too_old', 'ago'] as const)
      : (['signature_from_future', 'ahead'] as const)
  const message = `It was signed ${Math.abs(skewSeconds)} s ${word}. Check this server’s clock.`
  return { ok: false, code, message, skewSeconds }
}

/** Null if the bytes are not UTF-8, which all JSON is. */
function textOf(rawBody: Uint8Array | string): string | null {
  if (typeof rawBody === 'string') return rawBody
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawBody)
  } catch {
    return null
  }
}

interface Claim {
  readonly body: string | null
  readonly header: string
  readonly secret: string
}

function isSignedBy({ body, header, secret }: Claim): boolean {
  const { signature } = Stripe.webhooks
  if (body === null || signature === null || secret.trim() === '') return false
  try {
    // 0 leaves the age to us, who say how far off it is; with an age of its own the SDK only
    // refuses.
    return signature.verifyHeader(body, header, secret, 0)
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false
    throw error
  }
}

/**
 * The time under the signature: read as the SDK reads it, so that it is the one that was signed.
 */
function signedAt(header: string): number {
  const stamps = header.split(',').filter((item) => item.startsWith('t='))
  return Number.parseInt(stamps.at(-1)?.slice(2) ?? '', 10)
}
