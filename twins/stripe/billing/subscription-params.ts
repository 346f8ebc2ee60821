import { z } from 'zod'
import {
  flag,
  integer,
  metadata,
  metadataOrUnset,
  text,
  textOrUnset,
  timestamp,
  unset,
} from '../api/parameters.ts'

// What the twin takes of Stripe's parameters. Others are refused as unknown, so that nobody builds
// on a field that does nothing here.

const paymentSettings = z.strictObject({
  save_default_payment_method: z.enum(['off', 'on_subscription']).optional(),
  payment_method_types: z.array(text).optional(),
})

const trialSettings = z.strictObject({
  end_behavior: z.strictObject({
    missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']),
  }),
})

const cancellationDetails = z.strictObject({
  comment: textOrUnset.optional(),
  feedback: textOrUnset.optional(),
})

export const CreateSubscription = z.strictObject({
  customer: text,
  items: z
    .array(
      z.strictObject({
        price: text,
        quantity: integer.refine((count) => count >= 0).optional(),
        metadata: metadata.optional(),
      }),
    )
    .min(1)
    .max(20),
  billing_cycle_anchor: timestamp.optional(),
  billing_mode: z.strictObject({ type: z.enum(['classic', 'flexible']) }).optional(),
  cancel_at: timestamp.optional(),
  cancel_at_period_end: flag.optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  currency: text.optional(),
  default_payment_method: text.optional(),
  description: text.optional(),
  metadata: metadataOrUnset.optional(),
  off_session: flag.optional(),
  payment_behavior: z
    .enum([
      'allow_incomplete',
      'default_incomplete',
      'error_if_incomplete',
      'pending_if_incomplete',
    ])
    .optional(),
  payment_settings: paymentSettings.optional(),
  proration_behavior: z.enum(['create_prorations', 'none']).optional(),
  trial_end: z.union([z.literal('now'), timestamp]).optional(),
  trial_period_days: integer.refine((days) => days >= 1 && days <= 730).optional(),
  trial_settings: trialSettings.optional(),
})
export type CreateSubscription = z.infer<typeof CreateSubscription>

export const UpdateSubscription = z.strictObject({
  cancel_at: z.union([unset, timestamp]).optional(),
  cancel_at_period_end: flag.optional(),
  cancellation_details: cancellationDetails.optional(),
  default_payment_method: textOrUnset.optional(),
  description: textOrUnset.optional(),
  /** Taken to be refused with words of its own. */
  items: z.unknown().optional(),
  metadata: metadataOrUnset.optional(),
  off_session: flag.optional(),
  payment_behavior: text.optional(),
  payment_settings: paymentSettings.optional(),
  proration_behavior: text.optional(),
  trial_end: z.union([z.literal('now'), timestamp]).optional(),
  trial_settings: trialSettings.optional(),
})
export type UpdateSubscription = z.infer<typeof UpdateSubscription>

export const CancelSubscription = z.strictObject({
  cancellation_details: cancellationDetails.optional(),
  /** There is nothing to prorate or to invoice here: both are taken, and false is what is done. */
  invoice_now: flag.optional(),
  prorate: flag.optional(),
})
