import type { JsonObject } from '../../../values/json.ts'
import { invoice, invoiceBefore, subscription } from './billing.ts'
import { checkoutSession, customer, paymentMethod, setupIntent } from './customers.ts'
import { charge, dispute, invoicePayment, paymentIntent, refund } from './payments.ts'

/** An event as Stripe prints it. */
function eventOf(type: string, object: JsonObject, previous?: JsonObject): string {
  const data = previous === undefined ? { object } : { object, previous_attributes: previous }
  const event = {
    id: 'evt_1',
    object: 'event',
    api_version: '2026-',
    created: 17,
    data,
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  }
  return JSON.stringify(event, null, 2)
}

/**
 * What webhooks of Stripe repeat, to pack their texts with: so they take a tenth of their bytes,
 * and without it a third. What is most common stands last, where references to it are shortest.
 *
 * FROZEN with all that it is made of: webhooks that were packed with it are read with it. A better
 * one is another constant, beside this one for as long as a store may hold what this one packed.
 */
export const webhooks1: string = [
  eventOf('charge.dispute.created', dispute),
  eventOf('checkout.session.completed', checkoutSession),
  eventOf('customer.updated', customer),
  eventOf('setup_intent.succeeded', setupIntent),
  eventOf('payment_method.attached', paymentMethod),
  eventOf('refund.created', refund),
  eventOf('customer.subscription.updated', subscription),
  eventOf('charge.succeeded', charge),
  eventOf('payment_intent.succeeded', paymentIntent),
  eventOf('invoice_payment.paid', invoicePayment),
  eventOf('invoice.payment_succeeded', invoice, invoiceBefore),
].join('\n')
