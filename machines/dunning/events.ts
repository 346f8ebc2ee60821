import { z } from 'zod'
import { InvoiceChanged } from '../invoice/summary.ts'
import { EffectParked, EffectRejected, SummaryAsked, version } from '../shared-events.ts'
import { DunningPolicy } from './policy.ts'

// --- dunning: one case per unpaid invoice; its id is the invoice's

export const DunningEvent = z.discriminatedUnion('type', [
  InvoiceChanged,
  z.object({ type: z.literal('policy.given'), policy: DunningPolicy }),
  /**
   * The account has another default method than before: a refusal that comes later is of this one.
   */
  z.object({ type: z.literal('payment_method.available'), version, paymentMethod: z.string() }),
  SummaryAsked,
  EffectParked,
  EffectRejected,
])
export type DunningEvent = z.infer<typeof DunningEvent>
