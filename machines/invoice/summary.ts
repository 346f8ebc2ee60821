import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import { Currency, Minor } from '../../values/money.ts'
import { AccountRef, InvoiceRef, SubscriptionRef } from '../refs.ts'
import { again, version } from '../shared-events.ts'

/** What a customer must do to complete a payment. */
export const NextAction = z.object({
  paymentIntent: z.string().nullable(),
  /** For the provider's own form in the browser. */
  clientSecret: z.string().nullable(),
  /** The page where the customer authenticates. */
  url: z.string().nullable(),
  /** The bank's refusal: another payment method is wanted. */
  declineCode: z.string().nullable(),
})
export type NextAction = z.infer<typeof NextAction>

export const InvoiceChanged = z.object({
  type: z.literal('invoice.changed'),
  version,
  invoice: InvoiceRef,
  account: AccountRef.nullable(),
  subscription: SubscriptionRef.nullable(),
  collector: z.enum(['provider', 'platform']),
  status: z.string(),
  currency: Currency,
  amountRemainingMinor: Minor,
  /** Since when it is due: its finalisation. Dunning counts its days from here. */
  dueSince: Instant.nullable(),
  /** True if its collection has failed, or cannot begin for want of a payment method. */
  failing: z.boolean(),
  /** The bank's refusal that no retry can mend, if that is why. */
  hardDecline: z.string().nullable(),
  /** Which attempt this is of: a refusal that says what the last one said is another one. */
  attempt: z.int().nonnegative(),
  /** Billing periods from the anchor; of platform invoices. */
  periodIndex: z.int().nonnegative().nullable(),
  /** What the customer must do to pay it, if anything; of platform invoices. */
  nextAction: NextAction.nullable(),
  again,
})
export type InvoiceChanged = z.infer<typeof InvoiceChanged>
