import { z } from 'zod'
import { PlanTerms } from '../catalog/terms.ts'
import { InvoiceChanged } from '../invoice/summary.ts'
import { AccountRef, Provider } from '../refs.ts'
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
import { SubscriptionFacts } from './facts.ts'

/** What asks, and can be refused. */
export const SubscriptionCommand = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('subscription.create'),
    account: AccountRef,
    terms: PlanTerms,
    quantity: z.int().positive(),
    collector: z.enum(['provider', 'platform']),
    provider: Provider,
  }),
  z.object({ type: z.literal('subscription.cancel'), when: z.enum(['period_end', 'now']) }),
  z.object({ type: z.literal('subscription.resume') }),
  Refresh,
])

/** What others say: taken or not, and never refused. */
export const SubscriptionObservation = z.discriminatedUnion('type', [
  /**
   * The provider took our request to create it. Says what the customer must do next; grants
   * nothing.
   */
  z.object({
    type: z.literal('subscription.accepted'),
    subscription: z.string(),
    invoice: z.string().nullable(),
    paymentIntent: z.string().nullable(),
    clientSecret: z.string().nullable(),
    /** The payment method that may be charged now, with the customer present. */
    paymentMethod: z.string().nullable(),
  }),
  /**
   * The account has a payment method that it had not when this began: the first payment may use it.
   */
  z.object({ type: z.literal('payment_method.available'), version, paymentMethod: z.string() }),
  /** How the customer's payment stands after it was confirmed with the customer present. */
  z.object({
    type: z.literal('payment.prepared'),
    status: z.string(),
    nextActionUrl: z.string().nullable(),
    declineCode: z.string().nullable(),
  }),
  z.object({
    type: z.literal('subscription.observed'),
    provider: Provider,
    read,
    account: AccountRef,
    terms: PlanTerms.nullable(),
    facts: SubscriptionFacts,
  }),
  /** Another object of the provider names it; if nothing is known of it yet, it is read. */
  z.object({
    type: z.literal('subscription.referenced'),
    provider: Provider,
    subscription: z.string(),
    account: AccountRef.nullable(),
  }),
  /** The provider says that it changed, and not how. */
  z.object({
    type: z.literal('subscription.hinted'),
    provider: Provider,
    subscription: z.string(),
  }),
  InvoiceChanged,
  SummaryAsked,
  ObjectMissing,
  EffectNotWanted,
  EffectParked,
  EffectRejected,
])

export const SubscriptionEvent = z.discriminatedUnion('type', [
  ...SubscriptionCommand.options,
  ...SubscriptionObservation.options,
])
export type SubscriptionEvent = z.infer<typeof SubscriptionEvent>
