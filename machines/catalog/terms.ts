import { z } from 'zod'
import { Currency, Minor } from '../../values/money.ts'

/** What a plan sells, frozen into a subscription when it begins or when its price changes. */
export const PlanTerms = z.object({
  plan: z.string(),
  product: z.string(),
  name: z.string(),
  amountMinor: Minor.nonnegative(),
  currency: Currency,
  interval: z.enum(['day', 'week', 'month', 'year']),
  intervalCount: z.int().positive(),
  trialDays: z.int().nonnegative(),
  /** Feature key to its limit: true for unlimited use, a number for a quota. */
  features: z.record(z.string(), z.union([z.literal(true), z.int().nonnegative()])),
})
export type PlanTerms = z.infer<typeof PlanTerms>
