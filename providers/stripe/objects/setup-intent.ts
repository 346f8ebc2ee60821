import { z } from 'zod'
import type { SetupIntentFacts } from '../../../machines/account/facts.ts'
import { applied, ignored, type Reading, type Seen } from '../message.ts'
import { OurMetadata, targetOf } from '../refs.ts'
import { MaybeId } from './fields.ts'

const StripeSetupIntent = z.object({
  id: z.string().min(1),
  status: z.string(),
  customer: MaybeId,
  payment_method: MaybeId,
  metadata: OurMetadata,
})

export function readSetupIntent(object: unknown, { at, read, asker }: Seen): Reading {
  const intent = StripeSetupIntent.parse(object)
  const owner = targetOf('account', { ours: intent.metadata.account, theirs: intent.customer })
  const target = owner ?? asker
  if (target === null) return ignored('a setup intent without a customer')
  const facts: SetupIntentFacts = {
    setupIntent: intent.id,
    status: intent.status,
    paymentMethod: intent.payment_method,
  }
  return applied({
    target,
    event: { type: 'setup_intent.observed', read, facts },
    refs: {},
    occurredAt: at,
  })
}
