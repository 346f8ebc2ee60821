import { z } from 'zod'
import { Period } from '../../values/calendar.ts'
import { Instant } from '../../values/instant.ts'

export const SubscriptionFacts = z.object({
  /** The provider's id. */
  subscription: z.string(),
  status: z.string(),
  /** The provider's price of the first item. */
  price: z.string().nullable(),
  quantity: z.int().nonnegative(),
  /** Of the first item; null where the provider's version does not say. */
  period: Period.nullable(),
  /** When it will end, whether by `cancel_at` or by `cancel_at_period_end`. */
  cancelAt: Instant.nullable(),
  canceledAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  trialEnd: Instant.nullable(),
  latestInvoice: z.string().nullable(),
})
export type SubscriptionFacts = z.infer<typeof SubscriptionFacts>
