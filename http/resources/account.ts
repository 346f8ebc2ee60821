import { z } from '@hono/zod-openapi'
import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf, regionOf } from '../../actors/decision/read-snapshot.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { idOf } from '../../values/ids.ts'
import { presentPaymentMethods, WirePaymentMethod } from './payment-method.ts'
import { presentRejection, WireRejection } from './rejection.ts'
import { statusOnWire } from './subscription.ts'
import { WireCurrency, WireInstant } from './wire.ts'

const WireAccountSubscription = z
  .object({
    id: z.string(),
    object: z.literal('subscription'),
    status: z.string(),
    plan: z.string().nullable(),
    quantity: z.int(),
    cancel_at: WireInstant.nullable(),
  })
  .openapi('AccountSubscription')

export const WireAccount = z
  .object({
    id: z.string(),
    object: z.literal('account'),
    email: z.string().nullable(),
    name: z.string().nullable(),
    currency: WireCurrency.nullable(),
    standing: z.string().openapi({
      description: 'good, delinquent, bad_debt or banned: how the account stands with us.',
    }),
    bans: z.array(z.string()).openapi({ description: 'Why it is banned, if it is.' }),
    lifecycle: z.string().openapi({ description: 'open, closing or closed.' }),
    payment_method_status: z.string().openapi({
      description: 'none, valid, expiring or required (another one than the one that failed).',
    }),
    default_payment_method: z.string().nullable(),
    payment_methods: z.array(WirePaymentMethod),
    subscriptions: z.array(WireAccountSubscription),
    last_rejection: WireRejection.nullable(),
    created_at: WireInstant.nullable(),
  })
  .openapi('Account')
export type WireAccount = z.infer<typeof WireAccount>

export function presentAccount(entry: Entry): WireAccount {
  const context = contextOf(entry, AccountContext)
  const methods = presentPaymentMethods(context)
  return {
    id: idOf(entry.actor),
    object: 'account',
    email: context.email,
    name: context.name,
    currency: context.currency,
    standing: regionOf(entry, 'standing'),
    bans: Object.keys(context.bans).sort(),
    lifecycle: regionOf(entry, 'lifecycle'),
    payment_method_status: regionOf(entry, 'paymentMethod'),
    default_payment_method: methods.find((method) => method.default)?.id ?? null,
    payment_methods: methods,
    subscriptions: presentSubscriptions(context),
    last_rejection: presentRejection(context.rejection),
    created_at: context.createdAt,
  }
}

function presentSubscriptions({ subscriptions }: AccountContext): WireAccount['subscriptions'] {
  return Object.values(subscriptions)
    .sort((a, b) => (a.subscription < b.subscription ? -1 : 1))
    .map((summary) => ({
      id: idOf(summary.subscription),
      object: 'subscription',
      status: statusOnWire(summary.status),
      plan: summary.terms?.plan ?? null,
      quantity: summary.quantity,
      cancel_at: summary.cancelAt,
    }))
}
