import { z } from 'zod'
import type { CheckoutSessionFacts } from '../../../machines/account/facts.ts'
import { applied, ignored, type Message, type Reading, type Seen } from '../message.ts'
import { OurMetadata, targetOf } from '../refs.ts'
import { MaybeId, MaybeText } from './fields.ts'

/** The field is free for anybody's use: only an account id of ours counts. */
const ReferenceId = MaybeText.transform((id) => (id?.startsWith('acct_') ? id : null))

const StripeCheckoutSession = z.object({
  id: z.string().min(1),
  status: MaybeText,
  payment_status: MaybeText,
  customer: MaybeId,
  client_reference_id: ReferenceId,
  subscription: MaybeId,
  metadata: OurMetadata,
})

export function readCheckoutSession(object: unknown, { at, read }: Seen): Reading {
  const session = StripeCheckoutSession.parse(object)
  const account = targetOf('account', {
    ours: session.metadata.account ?? session.client_reference_id,
    theirs: session.customer,
  })
  const messages: Message[] = []
  if (account !== null) {
    const facts: CheckoutSessionFacts = {
      checkoutSession: session.id,
      status: session.status,
      paymentStatus: session.payment_status,
      subscription: session.subscription,
    }
    const event = { type: 'checkout_session.observed', read, facts }
    messages.push({ target: account, event, refs: {}, occurredAt: at })
  }
  if (session.subscription !== null) {
    const { subscription, metadata } = session
    messages.push({
      target: { type: 'subscription', ours: metadata.subscription, theirs: subscription },
      event: { type: 'subscription.referenced', provider: 'stripe', subscription },
      refs: { account },
      occurredAt: at,
    })
  }
  return messages.length === 0 ? ignored('a checkout session of nobody') : applied(...messages)
}
