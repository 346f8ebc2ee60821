import { z } from 'zod'
import { Period } from '../../values/calendar.ts'
import { Instant } from '../../values/instant.ts'
import { Currency, Minor } from '../../values/money.ts'

export const InvoiceLine = z.object({
  description: z.string().nullable(),
  amountMinor: Minor,
  quantity: z.int().nullable(),
  period: Period.nullable(),
})
export type InvoiceLine = z.infer<typeof InvoiceLine>

export const InvoiceFacts = z.object({
  /** The provider's id. */
  invoice: z.string(),
  status: z.string(),
  deleted: z.boolean(),
  number: z.string().nullable(),
  currency: Currency,
  totalMinor: Minor,
  amountDueMinor: Minor,
  amountPaidMinor: Minor,
  amountRemainingMinor: Minor,
  /** `subscription_create` and so on; the first invoice of a subscription is never dunned. */
  billingReason: z.string().nullable(),
  /** Whether the provider collects by itself. */
  collection: z.enum(['charge_automatically', 'send_invoice']),
  attempted: z.boolean(),
  attemptCount: z.int().nonnegative(),
  nextPaymentAttemptAt: Instant.nullable(),
  finalizedAt: Instant.nullable(),
  dueAt: Instant.nullable(),
  createdAt: Instant,
  period: Period.nullable(),
  lines: z.array(InvoiceLine).max(250),
  hostedUrl: z.string().nullable(),
})
export type InvoiceFacts = z.infer<typeof InvoiceFacts>

/** How the invoice's current payment stands. Only a read with its payments expanded can tell. */
export const InvoicePaymentState = z.object({
  paymentIntent: z.string(),
  status: z.string(),
  /** The bank's word (`insufficient_funds`, `lost_card`), or the error's code. */
  declineCode: z.string().nullable(),
})
export type InvoicePaymentState = z.infer<typeof InvoicePaymentState>
