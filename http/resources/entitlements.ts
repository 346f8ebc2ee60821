import { z } from '@hono/zod-openapi'
import { Entitlement, type Entitlements } from '../../machines/account/entitlements.ts'
import { WireInstant } from './wire.ts'

const WireEntitlement = z
  .object({
    granted: z.boolean(),
    limit: z
      .union([z.literal(true), z.int()])
      .nullable()
      .openapi({
        description: 'True for unlimited use, a number for a quota; null if refused.',
      }),
    reason: z.enum(Entitlement.shape.reason.options),
    subscription: z.string().openapi({ description: 'The one that grants it, or would.' }),
    plan: z.string(),
  })
  .openapi('Entitlement')

export const WireEntitlements = z
  .object({
    object: z.literal('entitlements'),
    account: z.string(),
    version: z.int().openapi({ description: 'Only grows, and does whenever anything changes.' }),
    at: WireInstant.nullable(),
    standing: z.enum(['good', 'delinquent', 'bad_debt', 'banned']),
    features: z.record(z.string(), WireEntitlement),
  })
  .openapi('Entitlements')
export type WireEntitlements = z.infer<typeof WireEntitlements>

export function presentEntitlements(account: string, known: Entitlements): WireEntitlements {
  const { version, at, standing } = known
  const features = Object.fromEntries(
    Object.entries(known.features).map(
      ([feature, { granted, limit, reason, subscription, plan }]) => [
        feature,
        { granted, limit, reason, subscription: idAfterSlash(subscription), plan },
      ],
    ),
  )
  return { object: 'entitlements', account, version, at, standing, features }
}

/** Our own refs are shown as ids. */
export function idAfterSlash(ref: string): string {
  return ref.slice(ref.indexOf('/') + 1)
}
