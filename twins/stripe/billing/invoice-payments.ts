import { z } from 'zod'
import { listParameters, paginate } from '../api/lists.ts'
import { parse, text } from '../api/parameters.ts'
import type { Route } from '../api/parts.ts'
import { collectionOf } from './billing-changes.ts'
import type { Invoice } from './billing-records.ts'
import type { Billing } from './billing.ts'

/** Gives a finalised invoice the payment intent that is to pay all of it, and returns its id. */
export function openPayment(billing: Billing, invoice: Invoice): string {
  const { state, store, payments } = billing
  const intent = payments.create({
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    description:
      invoice.billing_reason === 'subscription_create'
        ? 'Subscription creation'
        : 'Subscription update',
    setup_future_usage: 'off_session',
  })
  const id = state.newId('inpay')
  store.invoicePayments.put({
    id,
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: state.now(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  })
  const collection = collectionOf(billing, invoice.id)
  store.collections.put({ ...collection, invoice_payment: id, payment_intent: intent.id })
  return intent.id
}

const path = '/v1/invoice_payments'

const ListInvoicePayments = z.strictObject({
  ...listParameters,
  invoice: text.optional(),
  payment: z
    .strictObject({ type: z.literal('payment_intent'), payment_intent: text.optional() })
    .optional(),
  status: z.enum(['open', 'paid', 'canceled']).optional(),
})

/** `/v1/invoice_payments`. */
export function invoicePaymentRoutes({ state, store }: Billing): readonly Route[] {
  const table = state.table('invoice_payment')
  return [
    {
      method: 'GET',
      path,
      handle({ input }) {
        const { invoice, payment, status, ...request } = parse(ListInvoicePayments, input)
        const intent = payment?.payment_intent
        const found =
          intent === undefined ? table.all() : table.where('payment.payment_intent', intent)
        const objects = found.filter(
          (object) =>
            (invoice === undefined || object['invoice'] === invoice) &&
            (status === undefined || object['status'] === status),
        )
        return paginate({ objects, request, url: path })
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: (request) => store.invoicePayments.need(request.param('id')),
    },
  ]
}
