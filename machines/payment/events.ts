import { z } from 'zod'
import { AccountRef, InvoiceRef, Provider } from '../refs.ts'
import {
  EffectParked,
  EffectRejected,
  ObjectMissing,
  Refresh,
  read,
  version,
} from '../shared-events.ts'
import { ChargeFacts, DisputeFacts, PaymentIntentFacts, RefundFacts } from './facts.ts'

// --- payment: one PaymentIntent (or an old charge without one), with its charges, refunds and
// disputes

/**
 * Who collects the invoice, as far as this object tells: `platform` if it bears our own mark of it.
 */
const collector = z.enum(['provider', 'platform'])

/** What asks, and can be refused. */
export const PaymentCommand = z.discriminatedUnion('type', [Refresh])

/** What others say: taken or not, and never refused. */
export const PaymentObservation = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('payment_intent.observed'),
    provider: Provider,
    read,
    account: AccountRef.nullable(),
    invoice: InvoiceRef.nullable(),
    collector,
    attempt: z.int().positive().nullable(),
    facts: PaymentIntentFacts,
  }),
  z.object({
    type: z.literal('charge.observed'),
    provider: Provider,
    read,
    account: AccountRef.nullable(),
    invoice: InvoiceRef.nullable(),
    collector,
    facts: ChargeFacts,
    /** What the charge tells of its PaymentIntent: once it is captured, all that there is to it. */
    intent: PaymentIntentFacts.nullable().default(null),
  }),
  z.object({ type: z.literal('refund.observed'), provider: Provider, read, facts: RefundFacts }),
  z.object({ type: z.literal('dispute.observed'), provider: Provider, read, facts: DisputeFacts }),
  /** The provider says which invoice it pays. */
  z.object({ type: z.literal('payment.linked'), provider: Provider, invoice: InvoiceRef }),
  /** The provider has it, and may say more of it than we know. */
  z.object({ type: z.literal('payment.hinted'), version, provider: Provider }),
  ObjectMissing,
  EffectParked,
  EffectRejected,
])

export const PaymentEvent = z.discriminatedUnion('type', [
  ...PaymentCommand.options,
  ...PaymentObservation.options,
])
export type PaymentEvent = z.infer<typeof PaymentEvent>
