import { z } from '@hono/zod-openapi'
import { chargeableMethod } from '../../machines/account/payment-method.ts'
import type { AccountContext } from '../../machines/account/state.ts'

export const WirePaymentMethod = z
  .object({
    id: z.string(),
    object: z.literal('payment_method'),
    type: z.string().openapi({ example: 'card' }),
    brand: z.string().nullable(),
    last4: z.string().nullable(),
    exp_month: z.int().nullable(),
    exp_year: z.int().nullable(),
    default: z.boolean().openapi({ description: 'True for the one that a charge would use.' }),
  })
  .openapi('PaymentMethod')
export type WirePaymentMethod = z.infer<typeof WirePaymentMethod>

/** Those that the provider says are attached, the newest first. */
export function presentPaymentMethods(context: AccountContext): WirePaymentMethod[] {
  const preferred = chargeableMethod(context)?.paymentMethod
  return Object.values(context.paymentMethods)
    .map((observed) => observed.facts)
    .filter((facts) => facts.attached)
    .sort((a, b) => (a.createdAt > b.createdAt ? -1 : 1))
    .map((facts) => ({
      id: facts.paymentMethod,
      object: 'payment_method',
      type: facts.kind,
      brand: facts.brand,
      last4: facts.last4,
      exp_month: facts.expMonth,
      exp_year: facts.expYear,
      default: facts.paymentMethod === preferred,
    }))
}
