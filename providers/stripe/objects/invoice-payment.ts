import { z } from 'zod'
import type { Instant } from '../../../values/instant.ts'
import { applied, message, type Message, type Reading, type Sight } from '../message.ts'
import type { Target } from '../refs.ts'
import { MaybeId } from './fields.ts'

const StripeInvoicePayment = z.object({
  invoice: z
    .union([z.string().min(1), z.object({ id: z.string().min(1) })])
    .transform((invoice) => (typeof invoice === 'string' ? invoice : invoice.id)),
  payment: z.object({ payment_intent: MaybeId }).nullish(),
})

/** Says which payment pays which invoice; what of it, the invoice's own webhook tells. */
export function readInvoicePayment(object: unknown, { at }: Sight): Reading {
  const { invoice: id, payment } = StripeInvoicePayment.parse(object)
  const intent = payment?.payment_intent ?? null
  if (intent === null) return applied(hintTo(id, at))
  const invoice: Target<'invoice'> = { type: 'invoice', ours: null, theirs: id }
  const link = message({
    target: { type: 'payment', ours: null, theirs: intent },
    event: { type: 'payment.linked' },
    refs: { invoice },
    occurredAt: at,
  })
  return applied(link)
}

/** With a word to the invoice, where no webhook of its own may come: of a notification. */
export function withHint(reading: Reading): Reading {
  if (reading.outcome !== 'applied') return reading
  const hints = reading.messages.flatMap(({ refs, occurredAt }) => {
    const theirs = refs.invoice?.theirs ?? null
    return theirs === null ? [] : [hintTo(theirs, occurredAt)]
  })
  return applied(...reading.messages, ...hints)
}

function hintTo(invoice: string, occurredAt: Instant): Message {
  return message({
    target: { type: 'invoice', ours: null, theirs: invoice },
    event: { type: 'invoice.hinted', invoice },
    refs: {},
    occurredAt,
  })
}
