import { z } from 'zod'
import { Period } from '../../values/calendar.ts'
import { Instant } from '../../values/instant.ts'
import { PlanTerms } from '../catalog/terms.ts'
import type { Scope } from '../chart-types.ts'
import { InvoiceChanged, NextAction } from '../invoice/summary.ts'
import { observed } from '../observation.ts'
import { AccountRef, Provider, type SubscriptionRef } from '../refs.ts'
import { Rejection } from '../rejection.ts'
import type { SubscriptionEvent } from './events.ts'
import { SubscriptionFacts } from './facts.ts'

export const SubscriptionContext = z.object({
  id: z.string(),
  account: AccountRef.nullable(),
  provider: Provider.nullable(),
  collector: z.enum(['provider', 'platform']),
  terms: PlanTerms.nullable(),
  quantity: z.int().nonnegative(),
  createdAt: Instant.nullable(),
  /** The provider's id; null while it has none, and for ever if the platform collects. */
  providerId: z.string().nullable(),
  observed: observed(SubscriptionFacts).nullable(),
  /** The provider's handle on the first payment, while it is being confirmed. */
  firstPayment: z
    .object({ paymentIntent: z.string().nullable(), clientSecret: z.string().nullable() })
    .nullable(),
  /** The payment method with which it was last confirmed, or is to be. */
  firstMethod: z.string().nullable(),
  /** What the customer must do to complete the first payment; null while that is not known. */
  nextAction: NextAction.nullable(),
  /** Platform billing: period k runs from the anchor plus k intervals. */
  anchorAt: Instant.nullable(),
  periodIndex: z.int().nonnegative(),
  period: Period.nullable(),
  cancelAt: Instant.nullable(),
  canceledAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  /** Platform billing: the newest summary of the first invoice, and of each that is overdue. */
  invoices: z.record(z.string(), InvoiceChanged.omit({ type: true, again: true })),
  /** Whether an invoice was forgotten: one that is not known may then be an old one. */
  hasForgotten: z.boolean(),
  rejection: Rejection.nullable(),
})
export type SubscriptionContext = z.infer<typeof SubscriptionContext>

export type SubscriptionScope = Scope<SubscriptionContext, SubscriptionEvent>

/** What a fold changes. */
export type SubscriptionChange = Partial<SubscriptionContext>

export function emptySubscription(id: string): SubscriptionContext {
  return {
    id,
    account: null,
    provider: null,
    collector: 'provider',
    terms: null,
    quantity: 0,
    createdAt: null,
    providerId: null,
    observed: null,
    firstPayment: null,
    firstMethod: null,
    nextAction: null,
    anchorAt: null,
    periodIndex: 0,
    period: null,
    cancelAt: null,
    canceledAt: null,
    endedAt: null,
    invoices: {},
    hasForgotten: false,
    rejection: null,
  }
}

export function refOf(context: SubscriptionContext): SubscriptionRef {
  return `subscription/${context.id}`
}
