import { z } from 'zod'
import type { PaymentIntentFacts } from '../../../machines/payment/facts.ts'
import { applied, message, type Reading, type Sight } from '../message.ts'
import { OurMetadata, targetOf } from '../refs.ts'
import { CurrencyCode, MaybeDecline, MaybeId, MaybeText } from './fields.ts'

const NextAction = z
  .object({ redirect_to_url: z.object({ url: MaybeText }).nullish() })
  .nullish()
  .catch(null)

export const StripePaymentIntent = z.object({
  id: z.string().min(1),
  status: z.string(),
  amount: z.int(),
  amount_received: z.int().nullish(),
  currency: CurrencyCode,
  customer: MaybeId,
  // Gone since 2025-03-31.basil: an InvoicePayment links the two.
  invoice: MaybeId,
  payment_method: MaybeId,
  last_payment_error: MaybeDecline,
  next_action: NextAction,
  cancellation_reason: MaybeText,
  client_secret: MaybeText,
  latest_charge: MaybeId,
  metadata: OurMetadata,
})
export type StripePaymentIntent = z.infer<typeof StripePaymentIntent>

/** The page where the customer authenticates, while that is what is wanted. */
export function nextActionUrl({ status, next_action }: StripePaymentIntent): string | null {
  return status === 'requires_action' ? (next_action?.redirect_to_url?.url ?? null) : null
}

function paymentIntentFacts(intent: StripePaymentIntent): PaymentIntentFacts {
  return {
    paymentIntent: intent.id,
    status: intent.status,
    amountMinor: intent.amount,
    amountReceivedMinor: intent.amount_received ?? 0,
    currency: intent.currency,
    paymentMethod: intent.payment_method,
    declineCode: intent.last_payment_error,
    nextActionUrl: nextActionUrl(intent),
    cancellationReason: intent.cancellation_reason,
  }
}

/**
 * Stripe makes one with each invoice, before anybody pays. One of ours tells which attempt it is.
 */
function isUntried(intent: StripePaymentIntent): boolean {
  const { status, latest_charge, last_payment_error, metadata } = intent
  const waits = status === 'requires_payment_method' || status === 'requires_confirmation'
  return waits && latest_charge === null && last_payment_error === null && metadata.attempt === null
}

export function readPaymentIntent(object: unknown, { at, read }: Sight): Reading {
  const intent = StripePaymentIntent.parse(object)
  const { metadata } = intent
  return applied(
    message({
      target: { type: 'payment', ours: null, theirs: intent.id },
      event: {
        type: 'payment_intent.observed',
        read,
        collector: metadata.invoice === null ? 'provider' : 'platform',
        attempt: metadata.attempt,
        facts: paymentIntentFacts(intent),
      },
      refs: {
        account: targetOf('account', { ours: metadata.account, theirs: intent.customer }),
        invoice: targetOf('invoice', { ours: metadata.invoice, theirs: intent.invoice }),
      },
      occurredAt: at,
      newsTo: isUntried(intent) ? 'nobody' : 'all',
    }),
  )
}
