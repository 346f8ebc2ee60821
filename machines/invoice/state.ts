import { z } from 'zod'
import { Period } from '../../values/calendar.ts'
import { Instant } from '../../values/instant.ts'
import { Currency, Minor } from '../../values/money.ts'
import type { Scope } from '../chart-types.ts'
import { observed } from '../observation.ts'
import { PaymentChanged } from '../payment/summary.ts'
import { AccountRef, type InvoiceRef, Provider, SubscriptionRef } from '../refs.ts'
import { Rejection } from '../rejection.ts'
import type { InvoiceEvent } from './events.ts'
import { InvoiceFacts, InvoiceLine, InvoicePaymentState } from './facts.ts'

export const InvoiceContext = z.object({
  id: z.string(),
  account: AccountRef.nullable(),
  subscription: SubscriptionRef.nullable(),
  provider: Provider.nullable(),
  collector: z.enum(['provider', 'platform']),
  observed: observed(InvoiceFacts).nullable(),
  /** Of a provider's invoice: how its payment stood at the last read, and for which attempt. */
  payment: InvoicePaymentState.extend({ attemptCount: z.int().nonnegative() }).nullable(),
  /** The provider's `attempt_count` at the last read that told how the payment stands. */
  readAttempt: z.int().nonnegative().nullable(),
  /** Of the platform's invoice. */
  issue: z
    .object({
      currency: Currency,
      lines: z.array(InvoiceLine),
      totalMinor: Minor,
      period: Period,
      periodIndex: z.int().nonnegative(),
      issuedAt: Instant,
      onSession: z.boolean(),
    })
    .nullable(),
  /** Charge attempts of the platform, counted. */
  attempt: z.int().nonnegative(),
  /** The payment of the current attempt, once the provider has taken it. */
  paymentIntent: z.string().nullable(),
  clientSecret: z.string().nullable(),
  nextActionUrl: z.string().nullable(),
  declineCode: z.string().nullable(),
  /** The method of the latest attempt, once the provider has taken it. */
  chargedMethod: z.string().nullable(),
  /** A payment method that was named for the next attempt, and not tried yet. */
  offeredMethod: z.string().nullable(),
  /** Asked for while an attempt was under way: done when that has ended. */
  voidWantedAt: Instant.nullable(),
  writeOffWantedAt: Instant.nullable(),
  /** The newest summary of every payment, by its ref. */
  payments: z.record(z.string(), PaymentChanged.omit({ type: true })),
  /**
   * The entry that opened the dunning case, which from then on is told everything; 0 while there is
   * none.
   */
  caseSeq: z.int().nonnegative(),
  /** The entry whose `invoice.pay` the provider has not answered yet. */
  paySeq: z.int().positive().nullable(),
  paidAt: Instant.nullable(),
  rejection: Rejection.nullable(),
})
export type InvoiceContext = z.infer<typeof InvoiceContext>

export type InvoiceScope = Scope<InvoiceContext, InvoiceEvent>

/** What a fold changes. */
export type InvoiceChange = Partial<InvoiceContext>

export function emptyInvoice(id: string): InvoiceContext {
  return {
    id,
    account: null,
    subscription: null,
    provider: null,
    collector: 'provider',
    observed: null,
    payment: null,
    readAttempt: null,
    issue: null,
    attempt: 0,
    paymentIntent: null,
    clientSecret: null,
    nextActionUrl: null,
    declineCode: null,
    chargedMethod: null,
    offeredMethod: null,
    voidWantedAt: null,
    writeOffWantedAt: null,
    payments: {},
    caseSeq: 0,
    paySeq: null,
    paidAt: null,
    rejection: null,
  }
}

export function refOf(context: InvoiceContext): InvoiceRef {
  return `invoice/${context.id}`
}
