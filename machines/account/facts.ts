import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import { Provider } from '../refs.ts'

export const CustomerFacts = z.object({
  customer: z.string(),
  deleted: z.boolean(),
  email: z.string().nullable(),
  /** `invoice_settings.default_payment_method`. */
  defaultPaymentMethod: z.string().nullable(),
})
export type CustomerFacts = z.infer<typeof CustomerFacts>

export const PaymentMethodFacts = z.object({
  provider: Provider,
  paymentMethod: z.string(),
  /** False once it is detached. */
  attached: z.boolean(),
  kind: z.string(),
  brand: z.string().nullable(),
  last4: z.string().nullable(),
  expMonth: z.int().min(1).max(12).nullable(),
  expYear: z.int().nullable(),
  createdAt: Instant,
})
export type PaymentMethodFacts = z.infer<typeof PaymentMethodFacts>
