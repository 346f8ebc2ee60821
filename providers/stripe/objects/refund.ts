import { z } from 'zod'
import type { RefundFacts } from '../../../machines/payment/facts.ts'
import { applied, ignored, message, type Reading, type Sight } from '../message.ts'
import { targetOf } from '../refs.ts'
import { CurrencyCode, MaybeId, MaybeText } from './fields.ts'

const StripeRefund = z.object({
  id: z.string().min(1),
  status: MaybeText,
  amount: z.int(),
  currency: CurrencyCode,
  payment_intent: MaybeId,
  charge: MaybeId,
})

export function readRefund(object: unknown, { at, read }: Sight): Reading {
  const refund = StripeRefund.parse(object)
  const theirs = refund.payment_intent ?? refund.charge
  const target = targetOf('payment', { ours: null, theirs })
  if (target === null) return ignored('a refund of no payment')
  const facts: RefundFacts = {
    refund: refund.id,
    // Null on the oldest, which were refunded at once.
    status: refund.status ?? 'succeeded',
    amountMinor: refund.amount,
    currency: refund.currency,
  }
  const event = { type: 'refund.observed', read, facts } as const
  return applied(message({ target, event, refs: {}, occurredAt: at }))
}
