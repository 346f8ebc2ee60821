import { z } from 'zod'
import type { Scope } from '../chart-types.ts'
import { observed } from '../observation.ts'
import { AccountRef, InvoiceRef, type PaymentRef, Provider } from '../refs.ts'
import type { PaymentEvent } from './events.ts'
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
  /**
   * Refunds that were seen to succeed, whatever became of them: the ledger reverses only what it
   * booked.
   */
  refundsPaidOut: z.array(z.string()),
  disputes: z.record(z.string(), observed(DisputeFacts)),
})
export type PaymentContext = z.infer<typeof PaymentContext>

export type PaymentScope = Scope<PaymentContext, PaymentEvent>

/** What a fold changes. */
export type PaymentChange = Partial<PaymentContext>
export function emptyPayment(id: string): PaymentContext {
  return {
    id,
    provider: null,
    account: null,
    invoice: null,
    collector: 'provider',
    attempt: null,
    intent: null,
    charges: {},
    refunds: {},
    refundsPaidOut: [],
    disputes: {},
  }
}

export function refOf(context: PaymentContext): PaymentRef {
  return `payment/${context.id}`
}
