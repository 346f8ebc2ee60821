import { z } from 'zod'
import { ActorRef } from '../values/ids.ts'
import { Currency, Minor } from '../values/money.ts'
import { PlanTerms } from './catalog/terms.ts'
import { AccountRef, InvoiceRef, Provider, SubscriptionRef } from './refs.ts'
import type { Refusal } from './refusals.ts'

// Everything that a chart may ask for, as data. Performed after the commit, at least once, by
// `kind`.

const provider = Provider

/** Sends another actor an event; the runtime adds the sender's seq as `version`. */
export const Tell = z.object({
  kind: z.literal('tell'),
  to: ActorRef,
  event: z.looseObject({ type: z.string() }),
})

export const CustomerCreate = z.object({
  kind: z.literal('customer.create'),
  provider,
  account: AccountRef,
  email: z.string(),
  name: z.string().nullable(),
})

/** Attaches the token to the account's customer and makes it the default. */
export const PaymentMethodAttach = z.object({
  kind: z.literal('payment_method.attach'),
  provider,
  account: AccountRef,
  token: z.string(),
})

export const SubscriptionCreate = z.object({
  kind: z.literal('provider.create_subscription'),
  provider,
  subscription: SubscriptionRef,
  account: AccountRef,
  terms: PlanTerms,
  quantity: z.int().positive(),
})

/** Confirms a first payment with the customer present, so that they may authenticate. */
export const PaymentConfirm = z.object({
  kind: z.literal('payment_intent.confirm'),
  provider,
  paymentIntent: z.string(),
  paymentMethod: z.string(),
})

export const SubscriptionUpdate = z.object({
  kind: z.literal('provider.update_subscription'),
  provider,
  subscription: z.string(),
  cancelAtPeriodEnd: z.boolean(),
})

export const SubscriptionCancel = z.object({
  kind: z.literal('provider.cancel_subscription'),
  provider,
  subscription: z.string(),
})

/** Asks the provider that collects to try its open invoice now. */
export const InvoicePay = z.object({
  kind: z.literal('provider.pay_invoice'),
  provider,
  account: AccountRef.nullable(),
  invoice: z.string(),
  /** Null for the account's default. */
  paymentMethod: z.string().nullable(),
})

export const InvoiceVoid = z.object({
  kind: z.literal('provider.void_invoice'),
  provider,
  invoice: z.string(),
})

/** Charges an invoice that the platform collects: one PaymentIntent an attempt. */
export const PaymentCharge = z.object({
  kind: z.literal('payment.charge'),
  provider,
  invoice: InvoiceRef,
  account: AccountRef,
  attempt: z.int().positive(),
  amountMinor: Minor.positive(),
  currency: Currency,
  onSession: z.boolean(),
  paymentMethod: z.string().nullable(),
})

export const PaymentCancel = z.object({
  kind: z.literal('payment_intent.cancel'),
  provider,
  paymentIntent: z.string(),
})

/**
 * A fresh read of one object; the answer comes back as its `….observed`, or as `object.missing`.
 */
export const ObjectRead = z.object({
  kind: z.literal('object.read'),
  provider,
  object: z.enum([
    'customer',
    'payment_method',
    'subscription',
    'invoice',
    'payment_intent',
    'charge',
    'refund',
    'dispute',
  ]),
  /** The provider's id. */
  objectId: z.string(),
  /** Of a customer: its payment methods are told as well, and which of them are attached. */
  paymentMethods: z.exactOptional(z.literal(true)),
  /**
   * One read per actor and drain: of several with one key, the first is kept, for all had arrived
   * by then.
   */
  coalesce: z.string(),
})

/** Sends back all that a payment took: money that came for what was not wanted any more. */
const PaymentRefund = z.object({
  kind: z.literal('payment.refund'),
  provider,
  paymentIntent: z.string(),
})

export const EmailSend = z.object({
  kind: z.literal('email.send'),
  account: AccountRef,
  template: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})

export const PolicyRead = z.object({ kind: z.literal('policy.read'), policy: z.literal('dunning') })

/** Normalises the webhook that this actor holds, and tells the actors that it concerns. */
export const EventApply = z.object({ kind: z.literal('event.apply'), provider })

export const EffectRequest = z.discriminatedUnion('kind', [
  Tell,
  CustomerCreate,
  PaymentMethodAttach,
  SubscriptionCreate,
  PaymentConfirm,
  SubscriptionUpdate,
  SubscriptionCancel,
  InvoicePay,
  InvoiceVoid,
  PaymentCharge,
  PaymentCancel,
  PaymentRefund,
  ObjectRead,
  EmailSend,
  PolicyRead,
  EventApply,
])
export type EffectRequest = z.infer<typeof EffectRequest>

export const EffectKind = z.enum({
  tell: 'tell',
  'customer.create': 'customer.create',
  'payment_method.attach': 'payment_method.attach',
  'provider.create_subscription': 'provider.create_subscription',
  'payment_intent.confirm': 'payment_intent.confirm',
  'provider.update_subscription': 'provider.update_subscription',
  'provider.cancel_subscription': 'provider.cancel_subscription',
  'provider.pay_invoice': 'provider.pay_invoice',
  'provider.void_invoice': 'provider.void_invoice',
  'payment.charge': 'payment.charge',
  'payment_intent.cancel': 'payment_intent.cancel',
  'payment.refund': 'payment.refund',
  'object.read': 'object.read',
  'email.send': 'email.send',
  'policy.read': 'policy.read',
  'event.apply': 'event.apply',
} as const satisfies { [Kind in EffectRequest['kind']]: Kind })
export type EffectKind = z.infer<typeof EffectKind>

/**
 * The kinds that touch a provider: each has a key window and a read-back in
 * `providers/stripe/perform.ts`.
 */
export type ProviderEffect = Exclude<
  EffectRequest,
  { kind: 'tell' | 'email.send' | 'policy.read' | 'event.apply' }
>

type ReadEffect = z.infer<typeof ObjectRead>

/** A fresh read of one object, one per actor and drain. */
export function readOf(
  provider: Provider,
  object: ReadEffect['object'],
  objectId: string,
): ReadEffect {
  const coalesce = `${object}:${objectId}`
  return { kind: 'object.read', provider, object, objectId, coalesce }
}

/** Turns the whole decision into a no: nothing is written, and the asker gets the refusal. */
export interface Refuse {
  kind: 'refuse'
  refusal: Refusal
}

/** The parameter of every chart's one action `effect`. */
export type ChartEffect = EffectRequest | Refuse
