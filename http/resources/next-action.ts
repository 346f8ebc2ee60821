import { z } from '@hono/zod-openapi'
import type { NextAction } from '../../machines/invoice/summary.ts'

export const WireNextAction = z
  .object({
    type: z.literal('confirm_payment'),
    client_secret: z.string().nullable().openapi({
      description: "For the provider's own form in the browser.",
    }),
    redirect_url: z.string().nullable().openapi({
      description: 'Where the customer authenticates (3-D Secure), if the bank asks for it.',
    }),
    decline_code: z.string().nullable().openapi({
      description: "The bank's refusal: another payment method is wanted.",
    }),
  })
  .openapi('NextAction')

export function presentNextAction(
  action: Omit<NextAction, 'paymentIntent'> | null,
): z.infer<typeof WireNextAction> | null {
  return (
    action && {
      type: 'confirm_payment',
      client_secret: action.clientSecret,
      redirect_url: action.url,
      decline_code: action.declineCode,
    }
  )
}
