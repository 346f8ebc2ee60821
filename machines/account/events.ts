import { z } from 'zod'
import { Currency } from '../../values/money.ts'
import { DunningChanged } from '../dunning/summary.ts'
import { InvoiceChanged } from '../invoice/summary.ts'
import { Provider } from '../refs.ts'
import { EffectParked, EffectRejected, ObjectMissing, Refresh, read } from '../shared-events.ts'
import { SubscriptionChanged } from '../subscription/summary.ts'
import { CustomerFacts, PaymentMethodFacts } from './facts.ts'

/** What asks, and can be refused. */
export const AccountCommand = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('account.create'),
    email: z.email(),
    name: z.string().nullable(),
    currency: Currency,
    provider: Provider,
  }),
  z.object({ type: z.literal('payment_method.add'), provider: Provider, token: z.string() }),
  z.object({ type: z.literal('account.ban'), reason: z.string().min(1).max(100) }),
  z.object({ type: z.literal('account.unban'), reason: z.string().min(1).max(100) }),
  z.object({ type: z.literal('account.close') }),
  Refresh,
])

/** What others say: taken or not, and never refused. */
export const AccountObservation = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('customer.observed'),
    provider: Provider,
    read,
    facts: CustomerFacts,
  }),
  /**
   * The provider may know more of the customer and its payment methods than we do: they are read.
   */
  z.object({ type: z.literal('customer.hinted'), provider: Provider, customer: z.string() }),
  /** All that the provider lists as attached: what we believe to be attached beside it is read. */
  z.object({
    type: z.literal('wallet.observed'),
    provider: Provider,
    paymentMethods: z.array(z.string()),
  }),
  z.object({
    type: z.literal('payment_method.observed'),
    provider: Provider,
    read,
    facts: PaymentMethodFacts,
  }),
  SubscriptionChanged,
  InvoiceChanged,
  DunningChanged,
  ObjectMissing,
  EffectParked,
  EffectRejected,
])

export const AccountEvent = z.discriminatedUnion('type', [
  ...AccountCommand.options,
  ...AccountObservation.options,
])
export type AccountEvent = z.infer<typeof AccountEvent>
