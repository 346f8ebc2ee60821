import type { Performer, Result as PortResult } from '../../actors/delivery/performer.ts'
import type { ClaimedEffect } from '../../actors/ports.ts'
import { EffectRequest, type EffectKind } from '../../machines/effects.ts'
import type { AnyMessage } from '../../machines/messages.ts'

type Result = PortResult<AnyMessage>

/** The token of a card that this provider refuses for good. */
export const refusedToken = 'pm_card_refused'
/** A subscription to so many is refused too. */
export const refusedQuantity = 13

/** A provider that answers at once, in as few words as the routes need. */
export function quickProvider(): Performer {
  return {
    provider: 'stripe',
    kinds: EffectRequest.options.map((one) => one.shape.kind.value),
    perform: (claimed) => Promise.resolve(answer(claimed)),
  }
}

function answer({ effect, seq }: ClaimedEffect): readonly Result[] {
  const asked = EffectRequest.parse(effect)
  if (asked.kind === 'customer.create')
    return [customer(asked.account, { email: asked.email, read: seq })]
  if (asked.kind === 'payment_method.attach') {
    if (asked.token === refusedToken) return [rejected(asked.kind)]
    return [
      card(asked.token, seq),
      customer(asked.account, { email: null, read: seq, method: asked.token }),
    ]
  }
  if (asked.kind !== 'provider.create_subscription') return []
  return [asked.quantity === refusedQuantity ? rejected(asked.kind) : accepted(asked.subscription)]
}

function accepted(subscription: string): Result {
  const id = subscription.slice('subscription/'.length)
  return {
    event: {
      type: 'subscription.accepted',
      subscription: `sub_at_provider_${id}`,
      invoice: `in_at_provider_${id}`,
      paymentIntent: `pi_${id}`,
      clientSecret: `pi_${id}_secret`,
      paymentMethod: null,
    },
  }
}

function rejected(effect: EffectKind): Result {
  return { event: { type: 'effect.rejected', effect, code: 'card_declined', message: 'Refused.' } }
}

interface CustomerFields {
  readonly email: string | null
  readonly read: number
  readonly method?: string
}

function customer(account: string, { email, read, method }: CustomerFields): Result {
  const facts = {
    customer: `cus_${account.slice('account/'.length)}`,
    deleted: false,
    email,
    defaultPaymentMethod: method ?? null,
  }
  return { event: { type: 'customer.observed', provider: 'stripe', read, facts } }
}

function card(paymentMethod: string, read: number): Result {
  const facts = {
    provider: 'stripe',
    paymentMethod,
    attached: true,
    kind: 'card',
    brand: 'visa',
    last4: '4242',
    expMonth: 12,
    expYear: 2040,
    createdAt: '2027-01-01T00:00:00.000Z',
  } as const
  return { event: { type: 'payment_method.observed', provider: 'stripe', read, facts } }
}
