import { z } from 'zod'
import type { DisputeFacts } from '../../../machines/payment/facts.ts'
import { applied, ignored, message, type Reading, type Sight } from '../message.ts'
import { targetOf } from '../refs.ts'
import { CurrencyCode, MaybeId, MaybeText } from './fields.ts'

const StripeDispute = z.object({
  id: z.string().min(1),
  status: z.string(),
  reason: MaybeText,
  amount: z.int(),
  currency: CurrencyCode,
  payment_intent: MaybeId,
  charge: MaybeId,
})

export function readDispute(object: unknown, { at, read }: Sight): Reading {
  const dispute = StripeDispute.parse(object)
  const theirs = dispute.payment_intent ?? dispute.charge
  const target = targetOf('payment', { ours: null, theirs })
  if (target === null) return ignored('a dispute of no payment')
  const facts: DisputeFacts = {
    dispute: dispute.id,
    status: dispute.status,
    reason: dispute.reason,
    amountMinor: dispute.amount,
    currency: dispute.currency,
  }
  const event = { type: 'dispute.observed', read, facts } as const
  return applied(message({ target, event, refs: {}, occurredAt: at }))
}
