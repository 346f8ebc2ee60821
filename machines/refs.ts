import { z } from 'zod'
import { ActorRef } from '../values/ids.ts'

export const Provider = z.enum(['stripe'])
export type Provider = z.infer<typeof Provider>

/** Links from a provider's object to the account it belongs to. */
export const AccountRef = z.custom<ActorRef<'account'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('account/'),
)
export type AccountRef = z.infer<typeof AccountRef>

export const SubscriptionRef = z.custom<ActorRef<'subscription'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('subscription/'),
)
export type SubscriptionRef = z.infer<typeof SubscriptionRef>

export const InvoiceRef = z.custom<ActorRef<'invoice'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('invoice/'),
)
export type InvoiceRef = z.infer<typeof InvoiceRef>

export const PaymentRef = z.custom<ActorRef<'payment'>>(
  (value) => ActorRef.safeParse(value).success && String(value).startsWith('payment/'),
)
export type PaymentRef = z.infer<typeof PaymentRef>
