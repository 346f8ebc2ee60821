import type { Stripe } from 'stripe'
import type { Instant } from '../../../values/instant.ts'
import { type NormaliseResult, normaliseObject } from '../normalise.ts'
import { withHint } from '../objects/invoice-payment.ts'
import type { LookUp, ObjectToRead } from '../objects/thin.ts'
import type { CallPorts } from './call.ts'
import { isMissing } from './failures.ts'
import { timed } from './observe.ts'

type Answer = Promise<Stripe.Response<{ object: string }>>

const retrieve: Readonly<Record<ObjectToRead, (stripe: Stripe, id: string) => Answer>> = {
  customer: (stripe, id) => stripe.customers.retrieve(id),
  payment_method: (stripe, id) => stripe.paymentMethods.retrieve(id),
  payment_intent: (stripe, id) => stripe.paymentIntents.retrieve(id),
  charge: (stripe, id) => stripe.charges.retrieve(id),
  refund: (stripe, id) => stripe.refunds.retrieve(id),
  dispute: (stripe, id) => stripe.disputes.retrieve(id),
  'checkout.session': (stripe, id) => stripe.checkout.sessions.retrieve(id),
  invoice_payment: (stripe, id) => stripe.invoicePayments.retrieve(id),
}

/** Reads what a notification only names: it says what a webhook of this moment would have said. */
export async function lookUp(
  { object, id }: LookUp,
  { now, ports }: { now: Instant; ports: CallPorts },
): Promise<Exclude<NormaliseResult, LookUp>> {
  const { stripe, clock, catalog, reads } = ports
  try {
    const shown = await reads.spend({ keys: [id], now, reader: 'webhook' }, () =>
      timed(clock, now, () => retrieve[object](stripe, id)),
    )
    const seen = { at: shown.at, read: null, deleted: false, previous: null, asker: null, catalog }
    const reading = normaliseObject(shown.object, seen)
    const isAlone = object === 'invoice_payment' && reading.outcome === 'applied'
    return isAlone ? withHint(reading) : reading
  } catch (error) {
    if (isMissing(error)) return { outcome: 'ignored', why: `${id} is gone` }
    throw error
  }
}
