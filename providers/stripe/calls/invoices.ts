import type { z } from 'zod'
import type { InvoicePay, InvoiceVoid } from '../../../machines/effects.ts'
import { secondsOf } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import { MaybeId } from '../objects/fields.ts'
import { type Call, type Command, rejected } from './call.ts'
import { isDecline, isRefusal, shown } from './failures.ts'
import { observe } from './observe.ts'

type Pay = Call<z.infer<typeof InvoicePay>>
type OfInvoice = Call<{ readonly invoice: string }>

function observed({ effect, claimed, now, ports }: OfInvoice): Promise<readonly Result[]> {
  const { actor: asker, seq: read } = claimed
  return observe({ kind: 'invoice', id: effect.invoice, asker, read }, { now, ports })
}

/** The method to try: the one named, else the account's, else what Stripe would take by itself. */
async function methodFor({ effect, ports }: Pay): Promise<string | null> {
  if (effect.paymentMethod !== null || effect.account === null) return effect.paymentMethod
  return (await ports.accounts(effect.account))?.defaultPaymentMethod ?? null
}

/** By as much may Stripe's clock, which dates charges, be behind ours, which dates our tries. */
const clockSkewSeconds = 5

/**
 * True if the bank was asked for this invoice since we began. Of what is dated shortly before,
 * which a clock that is behind may have done, only a charge of the same method can be ours.
 */
async function wasAsked(call: Pay): Promise<boolean> {
  const { stripe } = call.ports
  const begun = secondsOf(call.claimed.firstTriedAt)
  const payments = await stripe.invoicePayments.list({ invoice: call.effect.invoice, limit: 100 })
  for (const { payment } of payments.data) {
    const intent = MaybeId.parse(payment.payment_intent)
    if (intent === null) continue
    const { data } = await stripe.charges.list({ payment_intent: intent, limit: 1 })
    const [last] = data
    if (last === undefined || last.created < begun - clockSkewSeconds) continue
    if (last.created >= begun || last.payment_method === (await methodFor(call))) return true
  }
  return false
}

/** `invoice.pay`: whatever Stripe answers, the invoice as it stands afterwards is the answer. */
export const invoicePay: Command<z.infer<typeof InvoicePay>> = {
  async perform(call) {
    const { effect, ports } = call
    const method = await methodFor(call)
    const refusals: Result[] = []
    try {
      const params = method === null ? {} : { payment_method: method }
      await ports.stripe.invoices.pay(effect.invoice, params, call.keyed())
    } catch (error) {
      if (!isRefusal(error)) throw error
      // A decline shows in the invoice. That it cannot be paid at all (paid already, void) may not.
      if (!isDecline(error)) {
        refusals.push(rejected(effect, error.code ?? 'invalid_request', shown(error)))
      }
    }
    return [...(await observed(call)), ...refusals]
  },

  /** Our own try is there once it was paid, or once the bank was asked after we began. */
  async readBack(call) {
    const { status } = await call.ports.stripe.invoices.retrieve(call.effect.invoice)
    const isDone = status !== 'open' && status !== 'uncollectible'
    return isDone || (await wasAsked(call)) ? await observed(call) : null
  },
}

/** `invoice.void`. */
export const invoiceVoid: Command<z.infer<typeof InvoiceVoid>> = {
  async perform(call) {
    await call.ports.stripe.invoices.voidInvoice(call.effect.invoice, {}, call.keyed())
    return await observed(call)
  },

  async readBack(call) {
    const { status } = await call.ports.stripe.invoices.retrieve(call.effect.invoice)
    return status === 'void' ? await observed(call) : null
  },
}
