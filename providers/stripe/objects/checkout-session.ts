import { z } from 'zod'
import { applied, ignored, message, type Reading, type Sight } from '../message.ts'
import { OurMetadata, targetOf } from '../refs.ts'
import { MaybeId, MaybeText } from './fields.ts'

/** The field is free for anybody's use: only an account id of ours counts. */
const ReferenceId = MaybeText.transform((id) => (id?.startsWith('acct_') ? id : null))

const StripeCheckoutSession = z.object({
  id: z.string().min(1),
  customer: MaybeId,
  client_reference_id: ReferenceId,
  subscription: MaybeId,
  metadata: OurMetadata,
})

/** What was bought in it is a subscription, which is read if nothing is known of it yet. */
export function readCheckoutSession(object: unknown, { at }: Sight): Reading {
  const session = StripeCheckoutSession.parse(object)
  const { subscription, metadata } = session
  if (subscription === null) return ignored('a checkout session without a subscription')
  const account = targetOf('account', {
    ours: metadata.account ?? session.client_reference_id,
    theirs: session.customer,
  })
  return applied(
    message({
      target: { type: 'subscription', ours: metadata.subscription, theirs: subscription },
      event: { type: 'subscription.referenced', subscription },
      refs: { account },
      occurredAt: at,
      newsTo: 'unlinked',
    }),
  )
}
