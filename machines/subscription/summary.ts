import { z } from 'zod'
import { Period } from '../../values/calendar.ts'
import { Instant } from '../../values/instant.ts'
import { PlanTerms } from '../catalog/terms.ts'
import { SubscriptionRef } from '../refs.ts'
import { version } from '../shared-events.ts'

// --- summaries that one actor sends another

export const SubscriptionChanged = z.object({
  type: z.literal('subscription.changed'),
  version,
  subscription: SubscriptionRef,
  collector: z.enum(['provider', 'platform']),
  status: z.string(),
  terms: PlanTerms.nullable(),
  quantity: z.int().nonnegative(),
  period: Period.nullable(),
  cancelAt: Instant.nullable(),
})
export type SubscriptionChanged = z.infer<typeof SubscriptionChanged>
