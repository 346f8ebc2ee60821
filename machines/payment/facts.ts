import { z } from 'zod'
import { Currency, Minor } from '../../values/money.ts'

export const PaymentIntentFacts = z.object({
  paymentIntent: z.string(),
  status: z.string(),
  amountMinor: Minor,
  amountReceivedMinor: Minor,
  currency: Currency,
  paymentMethod: z.string().nullable(),
  declineCode: z.string().nullable(),
  /** The page where the customer authenticates, while the status is `requires_action`. */
  nextActionUrl: z.string().nullable(),
  cancellationReason: z.string().nullable(),
})
export type PaymentIntentFacts = z.infer<typeof PaymentIntentFacts>

export const ChargeFacts = z.object({
  charge: z.string(),
  status: z.string(),
  captured: z.boolean(),
  amountMinor: Minor,
  amountCapturedMinor: Minor,
  amountRefundedMinor: Minor,
  currency: Currency,
  declineCode: z.string().nullable(),
})
export type ChargeFacts = z.infer<typeof ChargeFacts>

export const RefundFacts = z.object({
  refund: z.string(),
  status: z.string(),
  amountMinor: Minor,
  currency: Currency,
})
export type RefundFacts = z.infer<typeof RefundFacts>

export const DisputeFacts = z.object({
  dispute: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  amountMinor: Minor,
  currency: Currency,
})
export type DisputeFacts = z.infer<typeof DisputeFacts>
