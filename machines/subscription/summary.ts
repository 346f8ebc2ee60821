import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import { PlanTerms } from '../catalog/terms.ts'
import { SubscriptionRef } from '../refs.ts'
import { again, version } from '../shared-events.ts'

export const SubscriptionChanged = z.object({
  type: z.literal('subscription.changed'),
  version,
  subscription: SubscriptionRef,
  collector: z.enum(['provider', 'platform']),
  status: z.string(),
  terms: PlanTerms.nullable(),
  quantity: z.int().nonnegative(),
  cancelAt: Instant.nullable(),
  again,
})
export type SubscriptionChanged = z.infer<typeof SubscriptionChanged>
