import { z } from 'zod'
import { RetryLater } from '../../../actors/port-errors.ts'
import type {
  SubscriptionCancel,
  SubscriptionCreate,
  SubscriptionUpdate,
} from '../../../machines/effects.ts'
import { idOf } from '../../../values/ids.ts'
import type { Result } from '../../result.ts'
import { MaybeId, MaybeText } from '../objects/fields.ts'
import { metadataKeys } from '../refs.ts'
import { type Call, type Command, customerOf, ownWait } from './call.ts'
import { observe } from './observe.ts'

type Create = Call<z.infer<typeof SubscriptionCreate>>

/** What the first payment needs; Stripe shows neither unless asked. */
const expand = ['latest_invoice.confirmation_secret', 'latest_invoice.payments']

const Created = z.object({
  id: z.string(),
  latest_invoice: z
    .object({
      id: z.string(),
      confirmation_secret: z.object({ client_secret: MaybeText }).nullish(),
      payments: z
        .object({ data: z.array(z.object({ payment: z.object({ payment_intent: MaybeId }) })) })
        .nullish(),
    })
    .nullish(),
})

/**
 * Says what the customer must do next: nothing, where the first invoice is of zero, as in a trial.
 */
function accepted(subscription: unknown, paymentMethod: string | null): readonly Result[] {
  const { id, latest_invoice: invoice } = Created.parse(subscription)
  const clientSecret = invoice?.confirmation_secret?.client_secret ?? null
  const [payment] = invoice?.payments?.data ?? []
  return [
    {
      event: {
        type: 'subscription.accepted',
        subscription: id,
        invoice: invoice?.id ?? null,
        paymentIntent: payment?.payment.payment_intent ?? null,
        clientSecret,
        paymentMethod,
      },
    },
  ]
}

async function existing({ effect, ports }: Create, customer: string): Promise<string | null> {
  const list = ports.stripe.subscriptions.list({ customer, status: 'all', limit: 100 })
  for await (const { id, metadata } of list) {
    if (metadata[metadataKeys.subscription] === idOf(effect.subscription)) return id
  }
  return null
}

/**
 * `subscription.create`: incomplete until the customer pays; the card that pays becomes its own.
 */
export const subscriptionCreate: Command<z.infer<typeof SubscriptionCreate>> = {
  async perform(call) {
    const { effect, claimed, ports } = call
    const account = await customerOf(effect.account, ports)
    const { customer, defaultPaymentMethod } = account
    if (account.isAttaching) {
      throw new RetryLater('the payment method that was just added is being attached', ownWait)
    }
    const { terms, quantity } = effect
    const price = await ports.ensurePrice(terms, claimed.attempt)
    const created = await ports.stripe.subscriptions.create(
      {
        customer,
        items: [{ price, quantity }],
        payment_behavior: 'default_incomplete',
        payment_settings: { save_default_payment_method: 'on_subscription' },
        ...(terms.trialDays === 0 ? {} : { trial_period_days: terms.trialDays }),
        metadata: {
          [metadataKeys.subscription]: idOf(effect.subscription),
          [metadataKeys.account]: idOf(effect.account),
        },
        expand,
      },
      call.keyed(),
    )
    return accepted(created, defaultPaymentMethod)
  },

  async readBack(call) {
    const { customer, defaultPaymentMethod } = await customerOf(call.effect.account, call.ports)
    const id = await existing(call, customer)
    if (id === null) return null
    const found = await call.ports.stripe.subscriptions.retrieve(id, { expand })
    return accepted(found, defaultPaymentMethod)
  },

  async lookUp(call) {
    // Without a customer it cannot have been created.
    const account = await call.ports.accounts(call.effect.account)
    return account === null ? null : await subscriptionCreate.readBack(call)
  },
}

function observed({
  effect,
  claimed,
  now,
  ports,
}: Call<{ readonly subscription: string }>): Promise<readonly Result[]> {
  const { actor: asker, seq: read } = claimed
  const id = effect.subscription
  return observe({ kind: 'subscription', id, asker, read }, { now, ports })
}

/** `subscription.update`: whether it ends with its period. */
export const subscriptionUpdate: Command<z.infer<typeof SubscriptionUpdate>> = {
  async perform(call) {
    const { subscription, cancelAtPeriodEnd } = call.effect
    const params = { cancel_at_period_end: cancelAtPeriodEnd }
    await call.ports.stripe.subscriptions.update(subscription, params, call.keyed())
    return await observed(call)
  },

  async readBack(call) {
    const { subscription: id, cancelAtPeriodEnd } = call.effect
    const found = await call.ports.stripe.subscriptions.retrieve(id)
    const willEnd = found.cancel_at_period_end || found.cancel_at !== null
    return willEnd === cancelAtPeriodEnd ? await observed(call) : null
  },
}

const ended: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired'])

/** `subscription.cancel`: at once. */
export const subscriptionCancel: Command<z.infer<typeof SubscriptionCancel>> = {
  async perform(call) {
    await call.ports.stripe.subscriptions.cancel(call.effect.subscription, {}, call.keyed())
    return await observed(call)
  },

  async readBack(call) {
    const found = await call.ports.stripe.subscriptions.retrieve(call.effect.subscription)
    return ended.has(found.status) ? await observed(call) : null
  },
}
