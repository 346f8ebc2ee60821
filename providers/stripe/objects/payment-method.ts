import { z } from 'zod'
import type { PaymentMethodFacts } from '../../../machines/account/facts.ts'
import { applied, ignored, message, type Reading, type Sight } from '../message.ts'
import { targetOf } from '../refs.ts'
import { MaybeId, MaybeText, Seconds } from './fields.ts'

/** What cards, and debits as far as they have it, are shown by. */
const Details = z
  .object({
    brand: MaybeText,
    last4: MaybeText,
    exp_month: z.int().min(1).max(12).nullish().catch(null),
    exp_year: z.int().nullish().catch(null),
  })
  .nullish()
  .catch(null)

const StripePaymentMethod = z.looseObject({
  id: z.string().min(1),
  type: z.string(),
  customer: MaybeId,
  created: Seconds,
})

const Previous = z.object({ customer: MaybeId }).nullish().catch(null)

function factsOf(method: z.infer<typeof StripePaymentMethod>): PaymentMethodFacts {
  const details = Details.parse(method[method.type])
  return {
    provider: 'stripe',
    paymentMethod: method.id,
    attached: method.customer !== null,
    kind: method.type,
    brand: details?.brand ?? null,
    last4: details?.last4 ?? null,
    expMonth: details?.exp_month ?? null,
    expYear: details?.exp_year ?? null,
    createdAt: method.created,
  }
}

export function readPaymentMethod(object: unknown, { at, read, previous, asker }: Sight): Reading {
  const method = StripePaymentMethod.parse(object)
  // A detached one no longer names its customer; the event tells whose it was.
  const customer = method.customer ?? Previous.parse(previous)?.customer ?? null
  const target = targetOf('account', { ours: null, theirs: customer }) ?? asker
  if (target === null) return ignored('a payment method that no customer has')
  return applied(
    message({
      target,
      event: { type: 'payment_method.observed', read, facts: factsOf(method) },
      refs: {},
      occurredAt: at,
    }),
  )
}
