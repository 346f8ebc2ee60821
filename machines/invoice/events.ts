import { z } from 'zod'
import { Period } from '../../values/calendar.ts'
import { Currency } from '../../values/money.ts'
import { PaymentChanged } from '../payment/summary.ts'
import { AccountRef, Provider, SubscriptionRef } from '../refs.ts'
import {
  EffectNotWanted,
  EffectParked,
  EffectRejected,
  ObjectMissing,
  Refresh,
  SummaryAsked,
  read,
  version,
} from '../shared-events.ts'
import { InvoiceFacts, InvoiceLine, InvoicePaymentState } from './facts.ts'

/** What asks, and can be refused. */
export const InvoiceCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('invoice.pay'), paymentMethod: z.string().nullable() }),
  z.object({ type: z.literal('invoice.void') }),
  Refresh,
])

/** What others say: taken or not, and never refused. */
export const InvoiceObservation = z.discriminatedUnion('type', [
  /** The platform bills: of invoices whose collector is `platform`. */
  z.object({
    type: z.literal('invoice.issued'),
    version,
    account: AccountRef,
    subscription: SubscriptionRef,
    provider: Provider,
    currency: Currency,
    lines: z.array(InvoiceLine).min(1).max(250),
    period: Period,
    periodIndex: z.int().nonnegative(),
    /** True for the first invoice: the customer is there to authenticate. */
    onSession: z.boolean(),
  }),
  /** The account has a payment method that it had not when this invoice failed: try it at once. */
  z.object({ type: z.literal('payment_method.available'), version, paymentMethod: z.string() }),
  /** Dunning asks for another attempt. */
  z.object({ type: z.literal('charge.due'), version, step: z.int().nonnegative() }),
  /** Dunning has given up. */
  z.object({ type: z.literal('invoice.written_off'), version }),
  /** The provider took the charge; what became of it comes from the payment. */
  z.object({
    type: z.literal('charge.submitted'),
    attempt: z.int().positive(),
    /** The PaymentIntent's status in the provider's answer. */
    status: z.string(),
    paymentIntent: z.string(),
    clientSecret: z.string().nullable(),
    nextActionUrl: z.string().nullable(),
    /** The method that was charged; null if the customer is still to give one. */
    paymentMethod: z.string().nullable(),
  }),
  z.object({
    type: z.literal('invoice.observed'),
    provider: Provider,
    read,
    account: AccountRef.nullable(),
    subscription: SubscriptionRef.nullable(),
    facts: InvoiceFacts,
    /** Only of a read with its payments expanded; null where nothing is known. */
    payment: InvoicePaymentState.nullable(),
  }),
  z.object({ type: z.literal('invoice.hinted'), provider: Provider, invoice: z.string() }),
  PaymentChanged,
  SummaryAsked,
  ObjectMissing,
  EffectNotWanted,
  EffectParked,
  EffectRejected,
])

export const InvoiceEvent = z.discriminatedUnion('type', [
  ...InvoiceCommand.options,
  ...InvoiceObservation.options,
])
export type InvoiceEvent = z.infer<typeof InvoiceEvent>
