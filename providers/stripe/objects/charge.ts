import { z } from 'zod'
import type { ChargeFacts, PaymentIntentFacts } from '../../../machines/payment/facts.ts'
import { applied, message, type Reading, type Sight } from '../message.ts'
import { OurMetadata, targetOf } from '../refs.ts'
import { CurrencyCode, MaybeId, MaybeText } from './fields.ts'

const StripeCharge = z.object({
  id: z.string().min(1),
  status: z.string(),
  captured: z.boolean().nullish(),
  amount: z.int(),
  amount_captured: z.int().nullish(),
  amount_refunded: z.int().nullish(),
  currency: CurrencyCode,
  customer: MaybeId,
  payment_intent: MaybeId,
  payment_method: MaybeId,
  // Gone since 2025-03-31.basil.
  invoice: MaybeId,
  failure_code: MaybeText,
  outcome: z.object({ reason: MaybeText }).nullish().catch(null),
  metadata: OurMetadata,
})

type StripeCharge = z.infer<typeof StripeCharge>

/**
 * A PaymentIntent has succeeded when all of its charge is captured, and its own webhook, of the
 * same second, says nothing that the charge does not.
 */
function intentOf(charge: StripeCharge, facts: ChargeFacts): PaymentIntentFacts | null {
  const { payment_intent: paymentIntent, payment_method: paymentMethod } = charge
  const { status, captured, amountMinor, amountCapturedMinor, currency } = facts
  const isWhole = status === 'succeeded' && captured && amountCapturedMinor === amountMinor
  if (paymentIntent === null || !isWhole) return null
  return {
    paymentIntent,
    status: 'succeeded',
    amountMinor,
    amountReceivedMinor: amountCapturedMinor,
    currency,
    paymentMethod,
    declineCode: null,
    nextActionUrl: null,
    cancellationReason: null,
  }
}

export function readCharge(object: unknown, { at, read }: Sight): Reading {
  const charge = StripeCharge.parse(object)
  const captured = charge.captured ?? charge.status === 'succeeded'
  const facts: ChargeFacts = {
    charge: charge.id,
    status: charge.status,
    captured,
    amountMinor: charge.amount,
    amountCapturedMinor: charge.amount_captured ?? (captured ? charge.amount : 0),
    amountRefundedMinor: charge.amount_refunded ?? 0,
    currency: charge.currency,
    declineCode:
      charge.status === 'failed' ? (charge.outcome?.reason ?? charge.failure_code) : null,
  }
  return applied(
    message({
      target: { type: 'payment', ours: null, theirs: charge.payment_intent ?? charge.id },
      event: {
        type: 'charge.observed',
        read,
        collector: charge.metadata.invoice === null ? 'provider' : 'platform',
        facts,
        intent: intentOf(charge, facts),
      },
      refs: {
        account: targetOf('account', { ours: charge.metadata.account, theirs: charge.customer }),
        invoice: targetOf('invoice', { ours: charge.metadata.invoice, theirs: charge.invoice }),
      },
      occurredAt: at,
    }),
  )
}
