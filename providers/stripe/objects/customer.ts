import { z } from 'zod'
import type { CustomerFacts } from '../../../machines/account/facts.ts'
import { applied, message, type Reading, type Sight } from '../message.ts'
import { OurMetadata } from '../refs.ts'
import { MaybeId, MaybeText } from './fields.ts'

const StripeCustomer = z.object({
  id: z.string().min(1),
  deleted: z.boolean().nullish(),
  email: MaybeText,
  invoice_settings: z.object({ default_payment_method: MaybeId }).nullish(),
  metadata: OurMetadata,
})

/**
 * Of a deleted one, a webhook still shows the fields and a read does not: neither counts any more.
 */
export function readCustomer(object: unknown, { at, read, deleted: gone }: Sight): Reading {
  const customer = StripeCustomer.parse(object)
  const deleted = gone || customer.deleted === true
  const facts: CustomerFacts = {
    customer: customer.id,
    deleted,
    email: deleted ? null : customer.email,
    defaultPaymentMethod: deleted
      ? null
      : (customer.invoice_settings?.default_payment_method ?? null),
  }
  return applied(
    message({
      target: { type: 'account', ours: customer.metadata.account, theirs: customer.id },
      event: { type: 'customer.observed', read, facts },
      refs: {},
      occurredAt: at,
    }),
  )
}
