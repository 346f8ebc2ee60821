import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import { InvoiceRef } from '../refs.ts'
import { again, version } from '../shared-events.ts'

export const DunningChanged = z.object({
  type: z.literal('dunning.changed'),
  version,
  invoice: InvoiceRef,
  stage: z.enum(['collecting', 'bad_debt', 'recovered', 'closed']),
  restricted: z.boolean(),
  banned: z.boolean(),
  /** Since when another payment method is required; null if none is. */
  enforcedAt: Instant.nullable(),
  /**
   * A method that came after the first demand and was refused for good as well: it does not meet
   * it.
   */
  refusedMethod: z.string().nullable(),
  again,
})
export type DunningChanged = z.infer<typeof DunningChanged>
