import type { Stripe } from 'stripe'
import { z } from 'zod'
import type {
  EffectRequest,
  PaymentCancel,
  PaymentCharge,
  PaymentConfirm,
} from '../../../machines/effects.ts'
import { idOf } from '../../../values/ids.ts'
import { secondsOf } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import { MaybeId } from '../objects/fields.ts'
import { nextActionUrl, StripePaymentIntent } from '../objects/payment-intent.ts'
import { derivedRef, metadataKeys } from '../refs.ts'
import { type Call, type Command, addressed, customerOf, rejected } from './call.ts'
import { failureOf, isDecline, isRefusal } from './failures.ts'
import { observe } from './observe.ts'

type Charge = Call<z.infer<typeof PaymentCharge>>
type Confirm = Call<z.infer<typeof PaymentConfirm>>
type Cancel = Call<z.infer<typeof PaymentCancel>>
type RefundEffect = Extract<EffectRequest, { kind: 'payment.refund' }>
type Refund = Call<RefundEffect>

// --- payment_intent.confirm

async function prepared({ effect, ports }: Confirm): Promise<readonly Result[]> {
  const found = await ports.stripe.paymentIntents.retrieve(effect.paymentIntent)
  const intent = StripePaymentIntent.parse(found)
  return [
    {
      event: {
        type: 'payment.prepared',
        status: intent.status,
        nextActionUrl: nextActionUrl(intent),
        declineCode: intent.last_payment_error,
      },
    },
  ]
}

/** True if the state alone forbade it: then the state is the answer. */
function isLate(error: unknown): boolean {
  return isRefusal(error) && error.code === 'payment_intent_unexpected_state'
}

/** `payment_intent.confirm`: a decline and a demand to authenticate are answers, not failures. */
export const paymentConfirm: Command<z.infer<typeof PaymentConfirm>> = {
  async perform(call) {
    const { paymentIntent, paymentMethod } = call.effect
    const params = { payment_method: paymentMethod, return_url: call.ports.returnUrl }
    try {
      await call.ports.stripe.paymentIntents.confirm(paymentIntent, params, call.keyed())
    } catch (error) {
      if (!isDecline(error) && !isLate(error)) throw error
    }
    return await prepared(call)
  },

  async readBack(call) {
    const { paymentIntent, paymentMethod } = call.effect
    const found = await call.ports.stripe.paymentIntents.retrieve(paymentIntent)
    const wasDeclined = found.last_payment_error?.payment_method?.id === paymentMethod
    const waits =
      found.status === 'requires_confirmation' || found.status === 'requires_payment_method'
    return waits && !wasDeclined ? null : await prepared(call)
  },
}

// --- payment.charge

function submitted({ effect }: Charge, object: unknown): readonly Result[] {
  const intent = StripePaymentIntent.parse(object)
  return [
    {
      event: {
        type: 'charge.submitted',
        attempt: effect.attempt,
        status: intent.status,
        paymentIntent: intent.id,
        clientSecret: intent.client_secret,
        nextActionUrl: nextActionUrl(intent),
        paymentMethod: methodOf(object),
      },
    },
  ]
}

const Tried = z.object({
  payment_method: MaybeId,
  last_payment_error: z.object({ payment_method: MaybeId }).nullish(),
})

/** The method that was charged: after a decline only the error still names it. */
function methodOf(object: unknown): string | null {
  const { payment_method, last_payment_error } = Tried.parse(object)
  return payment_method ?? last_payment_error?.payment_method ?? null
}

/** Runs a charge; the bank's refusal carries the PaymentIntent, as its acceptance does. */
async function charged(
  call: Charge,
  charge: () => Promise<Stripe.PaymentIntent>,
): Promise<readonly Result[]> {
  try {
    return submitted(call, await charge())
  } catch (error) {
    if (!isDecline(error) || error.payment_intent === undefined) throw error
    return submitted(call, error.payment_intent)
  }
}

function chargeParams(
  call: Charge,
  { customer, method }: { customer: string; method: string | null },
): Stripe.PaymentIntentCreateParams {
  const { invoice, account, attempt, amountMinor, currency, onSession } = call.effect
  const charge = {
    amount: amountMinor,
    currency,
    customer,
    metadata: {
      [metadataKeys.invoice]: idOf(invoice),
      [metadataKeys.attempt]: String(attempt),
      [metadataKeys.account]: idOf(account),
    },
  }
  if (!onSession) {
    return {
      ...charge,
      ...(method === null ? {} : { payment_method: method }),
      // With nobody there to be sent elsewhere, a method that redirects could only fail.
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      confirm: true,
      off_session: true,
    }
  }
  const saving = {
    setup_future_usage: 'off_session',
    automatic_payment_methods: { enabled: true },
  } as const
  if (method === null) return { ...charge, ...saving }
  const { returnUrl: return_url } = call.ports
  return { ...charge, ...saving, payment_method: method, confirm: true, return_url }
}

async function ownCharge(
  { effect, claimed, ports }: Charge,
  customer: string,
): Promise<Stripe.PaymentIntent | null> {
  // A day of slack for clocks that disagree: nothing made before the effect was asked for can be
  // its own.
  const gte = Math.max(0, secondsOf(claimed.occurredAt) - 86_400)
  const list = ports.stripe.paymentIntents.list({ customer, created: { gte }, limit: 100 })
  for await (const intent of list) {
    const isOwn =
      intent.metadata[metadataKeys.invoice] === idOf(effect.invoice) &&
      intent.metadata[metadataKeys.attempt] === String(effect.attempt)
    if (isOwn) return intent
  }
  return null
}

/**
 * `payment.charge`: one PaymentIntent for each attempt at an invoice, found again by its metadata.
 */
export const paymentCharge: Command<z.infer<typeof PaymentCharge>> = {
  async perform(call) {
    const { effect, ports } = call
    const { customer, defaultPaymentMethod } = await customerOf(effect.account, ports)
    const method = effect.paymentMethod ?? defaultPaymentMethod
    if (method === null && !effect.onSession) {
      return [rejected(effect, 'payment_method_missing', 'The account has no payment method.')]
    }
    const params = chargeParams(call, { customer, method })
    return await charged(call, () => ports.stripe.paymentIntents.create(params, call.keyed()))
  },

  async lookUp(call) {
    // Without a customer nothing can have been charged.
    const account = await call.ports.accounts(call.effect.account)
    const intent = account === null ? null : await ownCharge(call, account.customer)
    return intent === null ? null : submitted(call, intent)
  },

  async readBack(call) {
    const { effect, ports } = call
    const { customer, defaultPaymentMethod } = await customerOf(effect.account, ports)
    const intent = await ownCharge(call, customer)
    if (intent === null) return null
    const method = effect.paymentMethod ?? defaultPaymentMethod
    const wasTried = intent.last_payment_error !== null
    const waits =
      intent.status === 'requires_confirmation' || intent.status === 'requires_payment_method'
    if (effect.onSession || wasTried || !waits || method === null) return submitted(call, intent)
    // Made and never confirmed: the same payment goes on, and no second one is made.
    const params = { payment_method: method, off_session: true }
    return await charged(call, () =>
      ports.stripe.paymentIntents.confirm(intent.id, params, call.keyed('confirm')),
    )
  },
}

// --- payment_intent.cancel

/**
 * The payment's own actor is told, by a read of its state: only that confirms that no money can
 * move.
 */
async function ended({ effect, now, ports }: Cancel): Promise<readonly Result[]> {
  const { paymentIntent: id } = effect
  const asker = derivedRef('payment', id)
  const observation = { kind: 'payment_intent', id, asker, read: null } as const
  return addressed(await observe(observation, { now, ports }), asker)
}

/** `payment_intent.cancel`: one that has just succeeded is an answer, too. */
export const paymentCancel: Command<z.infer<typeof PaymentCancel>> = {
  async perform(call) {
    try {
      await call.ports.stripe.paymentIntents.cancel(call.effect.paymentIntent, {}, call.keyed())
    } catch (error) {
      if (!isLate(error)) throw error
    }
    return await ended(call)
  },

  async readBack(call) {
    const { status } = await call.ports.stripe.paymentIntents.retrieve(call.effect.paymentIntent)
    return status === 'canceled' || status === 'succeeded' ? await ended(call) : null
  },
}

// --- payment.refund

/** The payment's own actor is told what went back, as its charge says it. */
async function returned({ effect, now, ports }: Refund): Promise<readonly Result[]> {
  const { paymentIntent: id } = effect
  const asker = derivedRef('payment', id)
  const { latest_charge } = await ports.stripe.paymentIntents.retrieve(id)
  const charge = MaybeId.parse(latest_charge) ?? ''
  const observation = { kind: 'charge', id: charge, asker, read: null } as const
  return addressed(await observe(observation, { now, ports }), asker)
}

const undone: ReadonlySet<string | null> = new Set(['failed', 'canceled'])

/** `payment.refund`: of all that is left of the payment, whoever has sent back a part before. */
export const paymentRefund: Command<RefundEffect> = {
  async perform(call) {
    const { paymentIntent: payment_intent } = call.effect
    try {
      await call.ports.stripe.refunds.create({ payment_intent }, call.keyed())
    } catch (error) {
      if (!isRefusal(error)) throw error
      const found = await paymentRefund.readBack(call)
      // Refused as the charge of a disputed payment is, it waits for a person: the money is here.
      if (found === null) throw failureOf(error)
      return found
    }
    return await returned(call)
  },

  async readBack(call) {
    const { refunds, paymentIntents } = call.ports.stripe
    const { paymentIntent } = call.effect
    const { amount_received: received } = await paymentIntents.retrieve(paymentIntent)
    let sentBack = 0
    for await (const { amount, status } of refunds.list({ payment_intent: paymentIntent })) {
      sentBack += undone.has(status) ? 0 : amount
    }
    return sentBack >= received ? await returned(call) : null
  },
}
