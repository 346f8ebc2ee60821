import { z } from 'zod'
import { observed } from '../observation.ts'
import { AccountRef, InvoiceRef, Provider } from '../refs.ts'
import { ChargeFacts, DisputeFacts, PaymentIntentFacts, RefundFacts } from './facts.ts'

export const PaymentContext = z.object({
  id: z.string(),
  /** Null while nothing of it was heard. */
  provider: Provider.nullable(),
  account: AccountRef.nullable(),
  invoice: InvoiceRef.nullable(),
  /** Who collects the invoice: the platform's bears our own mark. */
  collector: z.enum(['provider', 'platform']),
  attempt: z.int().positive().nullable(),
  intent: observed(PaymentIntentFacts).nullable(),
  charges: z.record(z.string(), observed(ChargeFacts)),
  refunds: z.record(z.string(), observed(RefundFacts)),
  /** Refunds that were seen to succeed, whatever became of them: the ledger reverses only what it booked. */
  refundsPaidOut: z.array(z.string()),
  disputes: z.record(z.string(), observed(DisputeFacts)),
})
export type PaymentContext = z.infer<typeof PaymentContext>
