import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import type { Scope } from '../chart-types.ts'
import { InvoiceChanged } from '../invoice/summary.ts'
import type { DunningEvent } from './events.ts'
import { DunningPolicy } from './policy.ts'

export const DunningContext = z.object({
  id: z.string(),
  /** The newest summary of the invoice. */
  invoice: InvoiceChanged.omit({ type: true, again: true }).nullable(),
  policy: DunningPolicy.nullable(),
  /** From when the days of the policy are counted; null before the case opens. */
  anchorAt: Instant.nullable(),
  /** The index of the next step in the policy. */
  nextStep: z.int().nonnegative(),
  stepsTaken: z.array(z.object({ step: z.int().nonnegative(), at: Instant })),
  restricted: z.boolean(),
  banned: z.boolean(),
  enforcedAt: Instant.nullable(),
  /** The method against which another was demanded again; null if any since the demand will do. */
  refusedMethod: z.string().nullable(),
  /** The newest word of a refusal that no retry can mend, while it is the invoice's newest word. */
  declined: z.object({ at: Instant, seq: z.int().positive() }).nullable(),
  /** The newest default method that the account reported while the case was open. */
  offered: z
    .object({
      paymentMethod: z.string(),
      version: z.int().positive(),
      at: Instant,
      seq: z.int().positive(),
    })
    .nullable(),
})
export type DunningContext = z.infer<typeof DunningContext>

export type DunningScope = Scope<DunningContext, DunningEvent>

/** What a fold changes. */
export type DunningChange = Partial<DunningContext>

export function emptyCase(id: string): DunningContext {
  return {
    id,
    invoice: null,
    policy: null,
    anchorAt: null,
    nextStep: 0,
    stepsTaken: [],
    restricted: false,
    banned: false,
    enforcedAt: null,
    refusedMethod: null,
    declined: null,
    offered: null,
  }
}

export function invoiceRef(context: DunningContext): `invoice/${string}` {
  return context.invoice?.invoice ?? `invoice/${context.id}`
}
