import type { z } from 'zod'
import type { Result } from '../../../actors/ports.ts'
import type { PaymentMethodAttach } from '../../../machines/effects.ts'
import { secondsOf } from '../../../machines/instant.ts'
import { type Call, type Command, customerOf } from './call.ts'
import { observe } from './observe.ts'

type Attach = Call<z.infer<typeof PaymentMethodAttach>>

/** Marks what a token became, so that another token's retry does not take it for its own. */
const effectKey = 'tenure_effect'

function isToken({ effect }: Attach): boolean {
  return effect.token.startsWith('pm_card_') || effect.token.startsWith('tok_')
}

/** Attaches it; a card token (`tok_…`) becomes a payment method first. */
async function attach(call: Attach, customer: string): Promise<string> {
  const { paymentMethods } = call.ports.stripe
  const { token } = call.effect
  const card = { type: 'card', card: { token } } as const
  const method = token.startsWith('tok_')
    ? await paymentMethods.create(card, call.keyed('create'))
    : { id: token }
  return (await paymentMethods.attach(method.id, { customer }, call.keyed('attach'))).id
}

const ended: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired'])

/**
 * Makes it the default of the customer, and of every subscription that has a default of its own: Stripe
 * tries a subscription's first, so that one which failed would go on failing.
 */
async function makeDefault(call: Attach, customer: string, method: string): Promise<void> {
  const { stripe } = call.ports
  await stripe.customers.update(
    customer,
    { invoice_settings: { default_payment_method: method } },
    call.keyed(`default:${method}`),
  )
  for await (const subscription of stripe.subscriptions.list({ customer, limit: 100 })) {
    const own = subscription.default_payment_method
    const ownId = typeof own === 'string' ? own : (own?.id ?? null)
    if (ownId === null || ownId === method || ended.has(subscription.status)) continue
    await stripe.subscriptions.update(
      subscription.id,
      { default_payment_method: method },
      call.keyed(`${subscription.id}:${method}`),
    )
  }
}

/** A later try may find another method than an earlier one: the keys tell them apart. */
async function finish(call: Attach, customer: string, method: string): Promise<readonly Result[]> {
  const { claimed, now, ports } = call
  if (isToken(call)) {
    const metadata = { [effectKey]: claimed.effect.id }
    await ports.stripe.paymentMethods.update(method, { metadata }, call.keyed(`mark:${method}`))
  }
  await makeDefault(call, customer, method)
  const { actor: asker, seq: read } = claimed
  const context = { now, ports }
  return [
    ...(await observe({ kind: 'payment_method', id: method, asker, read }, context)),
    ...(await observe({ kind: 'customer', id: customer, asker, read }, context)),
  ]
}

/** The method that an earlier try attached, if it did. */
async function attached(call: Attach, customer: string): Promise<string | null> {
  return isToken(call) ? await attachedByToken(call, customer) : await attachedById(call, customer)
}

async function attachedById({ effect, ports }: Attach, customer: string): Promise<string | null> {
  const method = await ports.stripe.paymentMethods.retrieve(effect.token)
  const owner = typeof method.customer === 'string' ? method.customer : method.customer?.id
  return owner === customer ? method.id : null
}

/**
 * A token makes a new method each time. One that bears our mark is ours; one without any mark, made since
 * the effect was asked for, is what a try left that did not come to marking it.
 */
async function attachedByToken(call: Attach, customer: string): Promise<string | null> {
  const { claimed, ports } = call
  if (claimed.tries === 0) return null
  const askedAt = secondsOf(claimed.occurredAt)
  let unmarked: string | null = null
  for await (const method of ports.stripe.paymentMethods.list({ customer, limit: 100 })) {
    const mark = method.metadata?.[effectKey]
    if (mark === claimed.effect.id) return method.id
    if (mark === undefined && method.created >= askedAt) unmarked = method.id
  }
  return unmarked
}

/** `payment_method.attach`. */
export const paymentMethodAttach: Command<z.infer<typeof PaymentMethodAttach>> = {
  async perform(call) {
    const { customer } = await customerOf(call.effect.account, call.ports)
    return await finish(call, customer, await attach(call, customer))
  },

  async readBack(call) {
    const { customer } = await customerOf(call.effect.account, call.ports)
    const id = await attached(call, customer)
    return id === null ? null : await finish(call, customer, id)
  },
}
