import type { z } from 'zod'
import type { PaymentMethodAttach } from '../../../machines/effects.ts'
import { secondsOf } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import { MaybeId } from '../objects/fields.ts'
import { type Call, type Command, customerOf } from './call.ts'
import { observe } from './observe.ts'

type Attach = Call<z.infer<typeof PaymentMethodAttach>>

/**
 * Names the effect that added a method: what a retry finds again, and which of two was asked for
 * later.
 */
const effectKey = 'tenure_effect'

function isToken({ effect }: Attach): boolean {
  return effect.token.startsWith('pm_card_') || effect.token.startsWith('tok_')
}

/** Attaches it; a card token (`tok_…`) becomes a payment method first. */
async function attach(call: Attach, customer: string): Promise<string> {
  const { paymentMethods } = call.ports.stripe
  const { token } = call.effect
  const metadata = { [effectKey]: call.claimed.effect.id }
  const card = { type: 'card', card: { token }, metadata } as const
  const method = token.startsWith('tok_')
    ? await paymentMethods.create(card, call.keyed('create'))
    : { id: token }
  return (await paymentMethods.attach(method.id, { customer }, call.keyed('attach'))).id
}

const ended: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired'])

/**
 * Makes it the default of the customer, and of every subscription that has a default of its own:
 * Stripe tries a subscription's first, so that one which failed would go on failing.
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

/** Adds its mark, which a method that was added before replaces; the keys tell methods apart. */
async function mark(call: Attach, method: string): Promise<void> {
  const metadata = { [effectKey]: call.claimed.effect.id }
  await call.ports.stripe.paymentMethods.update(method, { metadata }, call.keyed(`mark:${method}`))
}

/** The seq of the entry of `actor` that a mark names; null for the mark of another, or none. */
function seqOf(mark: string | undefined, { actor }: Attach['claimed']): number | null {
  const [asker, place] = mark?.split('#') ?? []
  const seq = Number.parseInt(place ?? '', 10)
  return asker === actor && !Number.isNaN(seq) ? seq : null
}

/**
 * Of this customer's methods the one that was asked for last, which may be on its way to being the
 * default.
 */
async function newest(call: Attach, customer: string): Promise<string | null> {
  const { claimed, ports } = call
  let found: { readonly id: string; readonly seq: number } | null = null
  for await (const { id, metadata } of ports.stripe.paymentMethods.list({ customer, limit: 100 })) {
    const seq = seqOf(metadata?.[effectKey], claimed)
    if (seq !== null && (found === null || seq > found.seq)) found = { id, seq }
  }
  return found?.id ?? null
}

/**
 * True if the customer chose a default elsewhere, as in Stripe's portal, after this one was asked
 * for.
 */
async function isOvertaken({ claimed, ports }: Attach, customer: string): Promise<boolean> {
  const found = await ports.stripe.customers.retrieve(customer)
  if (found.deleted === true) return false
  const id = MaybeId.parse(found.invoice_settings.default_payment_method)
  if (id === null) return false
  const { created, metadata } = await ports.stripe.paymentMethods.retrieve(id)
  return metadata?.[effectKey] === undefined && created > secondsOf(claimed.occurredAt)
}

/**
 * The method asked for last becomes the default, in whatever order they are attached: a late retry
 * of an older one leaves it alone. Looked at again afterwards, for another may have been marked
 * meanwhile.
 */
async function settleDefault(call: Attach, customer: string, method: string): Promise<void> {
  if ((await newest(call, customer)) !== method || (await isOvertaken(call, customer))) return
  await makeDefault(call, customer, method)
  const last = await newest(call, customer)
  if (last !== null && last !== method) await makeDefault(call, customer, last)
}

async function finish(call: Attach, customer: string, method: string): Promise<readonly Result[]> {
  const { claimed, now, ports } = call
  await mark(call, method)
  await settleDefault(call, customer, method)
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
 * A token makes a new method each time: the one with our mark is ours, and no other, for a customer
 * adds cards by other ways, too. Stripe's test cards alone cannot bear it from the start: where the
 * key that made one is spent, one without a mark, made since the effect was asked for, is taken for
 * it.
 */
async function attachedByToken(call: Attach, customer: string): Promise<string | null> {
  const { claimed, effect, ports } = call
  const mayLackMark = effect.token.startsWith('pm_card_') && claimed.attempt > 1
  const askedAt = secondsOf(claimed.occurredAt)
  let unmarked: string | null = null
  for await (const method of ports.stripe.paymentMethods.list({ customer, limit: 100 })) {
    const mark = method.metadata?.[effectKey]
    if (mark === claimed.effect.id) return method.id
    if (mayLackMark && mark === undefined && method.created >= askedAt) unmarked = method.id
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
