import { z } from 'zod'
import { listParameters } from '../api/lists.ts'
import { flag, integer, metadata, text, timestamp } from '../api/parameters.ts'

export const LineItems = z
  .array(
    z.strictObject({
      price: text,
      quantity: integer.refine((count) => count >= 1 && count <= 999_999).default(1),
    }),
  )
  .min(1)
  .max(20)

export const SubscriptionData = z.strictObject({
  description: text.optional(),
  metadata: metadata.optional(),
  trial_end: timestamp.optional(),
  trial_period_days: integer.optional(),
  trial_settings: z
    .strictObject({
      end_behavior: z.strictObject({
        missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']),
      }),
    })
    .optional(),
})

export const CreateSession = z.strictObject({
  mode: z.enum(['payment', 'setup', 'subscription']),
  line_items: LineItems.optional(),
  cancel_url: text.optional(),
  client_reference_id: text.optional(),
  currency: text.optional(),
  customer: text.optional(),
  customer_email: text.optional(),
  expires_at: timestamp.optional(),
  metadata: metadata.optional(),
  payment_intent_data: z.strictObject({ metadata: metadata.optional() }).optional(),
  payment_method_types: z.array(text).optional(),
  allow_promotion_codes: flag.optional(),
  subscription_data: SubscriptionData.optional(),
  success_url: text,
})
export type CreateSession = z.infer<typeof CreateSession>

export const ListSessions = z.strictObject({
  ...listParameters,
  customer: text.optional(),
  payment_intent: text.optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
  subscription: text.optional(),
})
