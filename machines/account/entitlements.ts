import { z } from 'zod'
import { Instant } from '../../values/instant.ts'

/** Whether one feature may be used, and why. */
export const Entitlement = z.object({
  granted: z.boolean(),
  /** True for unlimited use, a number for a quota; null if refused. */
  limit: z.union([z.literal(true), z.int().nonnegative()]).nullable(),
  reason: z.enum([
    'subscription_active',
    'subscription_trialing',
    'subscription_past_due',
    'subscription_incomplete',
    'subscription_ended',
    'subscription_unpaid',
    'subscription_paused',
    'subscription_unknown',
    'restricted',
    'bad_debt',
    'banned',
    'account_closed',
  ]),
  /** The subscription that grants it, or would. */
  subscription: z.string(),
  plan: z.string(),
})
export type Entitlement = z.infer<typeof Entitlement>

/**
 * What an account may use now. `version` only grows, and does so whenever anything in it changes.
 */
export const Entitlements = z.object({
  /** The seq of the account's entry that brought this about; 0 before the first. */
  version: z.int().nonnegative(),
  at: Instant.nullable(),
  standing: z.enum(['good', 'delinquent', 'bad_debt', 'banned']),
  features: z.record(z.string(), Entitlement.extend({ since: z.int().positive() })),
})
export type Entitlements = z.infer<typeof Entitlements>

export const noEntitlements: Entitlements = { version: 0, at: null, standing: 'good', features: {} }
