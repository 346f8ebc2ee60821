import { z } from 'zod'
import { applied, message, type Reading, type Sight } from '../message.ts'
import type { Target } from '../refs.ts'
import { MaybeId } from './fields.ts'

const StripeInvoicePayment = z.object({
  invoice: z
    .union([z.string().min(1), z.object({ id: z.string().min(1) })])
    .transform((invoice) => (typeof invoice === 'string' ? invoice : invoice.id)),
  payment: z.object({ payment_intent: MaybeId }).nullish(),
})

/** Says which payment pays which invoice; what of it, the invoice's own read tells. */
export function readInvoicePayment(object: unknown, { at }: Sight): Reading {
  const { invoice: id, payment } = StripeInvoicePayment.parse(object)
  const invoice: Target<'invoice'> = { type: 'invoice', ours: null, theirs: id }
  const hint = message({
    target: invoice,
    event: { type: 'invoice.hinted', invoice: id },
    refs: {},
    occurredAt: at,
  })
  const intent = payment?.payment_intent ?? null
  if (intent === null) return applied(hint)
  const link = message({
    target: { type: 'payment', ours: null, theirs: intent },
    event: { type: 'payment.linked' },
    refs: { invoice },
    occurredAt: at,
  })
  return applied(link, hint)
}
