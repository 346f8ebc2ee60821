import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import { Currency } from '../../values/money.ts'
import type { Scope } from '../chart-types.ts'
import { DunningChanged } from '../dunning/summary.ts'
import { InvoiceChanged } from '../invoice/summary.ts'
import { observed } from '../observation.ts'
import { type AccountRef, Provider } from '../refs.ts'
import { Rejection } from '../rejection.ts'
import { SubscriptionChanged } from '../subscription/summary.ts'
import { Entitlements, noEntitlements } from './entitlements.ts'
import type { AccountEvent } from './events.ts'
import { CustomerFacts, PaymentMethodFacts } from './facts.ts'

export const AccountContext = z.object({
  id: z.string(),
  /** Where it is charged: null while it is nowhere known. */
  provider: Provider.nullable(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  currency: Currency.nullable(),
  createdAt: Instant.nullable(),
  /**
   * The latest moment that news of the customer, or a timer, has told: by it is judged what has
   * expired.
   */
  asOf: Instant.nullable(),
  /** The account as each provider knows it. */
  customers: z.partialRecord(Provider, observed(CustomerFacts)),
  paymentMethods: z.record(z.string(), observed(PaymentMethodFacts)),
  /**
   * The newest summary of each subscription that runs, or whose end explains a refusal, by its ref.
   */
  subscriptions: z.record(z.string(), SubscriptionChanged.omit({ type: true, again: true })),
  /** Of each invoice that is overdue. */
  invoices: z.record(z.string(), InvoiceChanged.omit({ type: true, again: true })),
  /** Of each dunning case that is open, by its invoice. */
  cases: z.record(z.string(), DunningChanged.omit({ type: true, again: true })),
  /** Whether any of these was forgotten: one that is not known may then be an old one. */
  hasForgotten: z.boolean(),
  /** Bans by their reason: a set, of which lifting one keeps the others. */
  bans: z.record(z.string(), z.object({ by: z.string(), at: Instant })),
  /**
   * Payment methods that the provider was asked to attach and has not answered for, by the asking
   * entry.
   */
  attaching: z.record(z.string(), Instant),
  /** When it was asked to close: from then on it is offered nothing, and grants nothing. */
  closedAt: Instant.nullable(),
  rejection: Rejection.nullable(),
  entitlements: Entitlements,
})
export type AccountContext = z.infer<typeof AccountContext>

export type AccountScope = Scope<AccountContext, AccountEvent>

/** What a fold changes. */
export type AccountChange = Partial<AccountContext>

export function emptyAccount(id: string): AccountContext {
  return {
    id,
    provider: null,
    email: null,
    name: null,
    currency: null,
    createdAt: null,
    asOf: null,
    customers: {},
    paymentMethods: {},
    subscriptions: {},
    invoices: {},
    cases: {},
    hasForgotten: false,
    bans: {},
    attaching: {},
    closedAt: null,
    rejection: null,
    entitlements: noEntitlements,
  }
}

export function refOf({ id }: AccountContext): AccountRef {
  return `account/${id}`
}
