import { z } from 'zod'
import type { Json } from '../../../values/json.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import { invalidRequest } from '../api/failure.ts'
import { listOf, listParameters, paginate } from '../api/lists.ts'
import { flag, mergedMetadata, metadataOrUnset, parse, text } from '../api/parameters.ts'
import type { Includable, Route, StripeRequest } from '../api/parts.ts'
import { changeInvoice, collectionOf, subscriptionOf } from './billing-changes.ts'
import type { Invoice } from './billing-records.ts'
import { draftSeconds, jobs, type Billing } from './billing.ts'
import { attemptPayment, finalizeInvoice, recordPaid, throwUnpaid } from './invoice-collection.ts'
import { strings } from './subscription-object.ts'
import {
  closePayment,
  followInvoices,
  markUncollectible,
  voidInvoice,
} from './subscription-status.ts'

const path = '/v1/invoices'

const ListInvoices = z.strictObject({
  ...listParameters,
  customer: text.optional(),
  subscription: text.optional(),
  status: text.optional(),
  collection_method: text.optional(),
})

const PayInvoice = z.strictObject({
  off_session: flag.optional(),
  paid_out_of_band: flag.optional(),
  payment_method: text.optional(),
})

const UpdateInvoice = z.strictObject({
  auto_advance: flag.optional(),
  metadata: metadataOrUnset.optional(),
})
const FinalizeInvoice = z.strictObject({ auto_advance: flag.optional() })
const Nothing = z.strictObject({})

/** `/v1/invoices`: those of subscriptions; the twin makes no others. */
export function invoiceRoutes(billing: Billing): readonly Route[] {
  const { store } = billing
  const invoice = (request: StripeRequest): Invoice => store.invoices.need(request.param('id'))
  return [
    { method: 'GET', path, handle: ({ input }) => list(billing, parse(ListInvoices, input)) },
    { method: 'GET', path: `${path}/:id`, handle: invoice },
    {
      method: 'GET',
      path: `${path}/:id/lines`,
      handle: (request) => invoice(request).lines,
    },
    {
      method: 'POST',
      path: `${path}/:id`,
      handle: (request) => update(billing, invoice(request), parse(UpdateInvoice, request.input)),
    },
    {
      method: 'POST',
      path: `${path}/:id/finalize`,
      handle: (request) => {
        const { auto_advance: advance } = parse(FinalizeInvoice, request.input)
        return finalize(billing, invoice(request), advance)
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/pay`,
      handle: (request) => pay(billing, invoice(request), parse(PayInvoice, request.input)),
    },
    {
      method: 'POST',
      path: `${path}/:id/void`,
      handle: (request) => {
        parse(Nothing, request.input)
        return close(billing, invoice(request), 'void')
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/mark_uncollectible`,
      handle: (request) => {
        parse(Nothing, request.input)
        return close(billing, invoice(request), 'uncollectible')
      },
    },
  ]
}

function list({ state }: Billing, input: z.infer<typeof ListInvoices>) {
  const { customer, subscription, status, ...request } = input
  const table = state.table('invoice')
  const found =
    subscription !== undefined
      ? table.where('parent.subscription_details.subscription', subscription)
      : customer !== undefined
        ? table.where('customer', customer)
        : table.all()
  const objects = found.filter(
    (object) =>
      (customer === undefined || object['customer'] === customer) &&
      (status === undefined || object['status'] === status),
  )
  return paginate({ objects, request, url: path })
}

/** A draft whose `auto_advance` is switched on is finalised and charged an hour later. */
function update(billing: Billing, invoice: Invoice, input: z.infer<typeof UpdateInvoice>): Invoice {
  const { state } = billing
  const auto_advance = input.auto_advance ?? invoice.auto_advance
  const starts = invoice.status === 'draft' && auto_advance && !invoice.auto_advance
  const finalizesAt = starts ? state.now() + draftSeconds : invoice.automatically_finalizes_at
  if (starts) state.schedule(jobs.finalize, invoice.id, state.now() + draftSeconds)
  if (!auto_advance) state.unschedule(jobs.finalize, invoice.id)
  return changeInvoice(billing, invoice, {
    ...invoice,
    auto_advance,
    automatically_finalizes_at: auto_advance ? finalizesAt : null,
    metadata: strings(mergedMetadata(invoice.metadata, input.metadata)),
  })
}

/** Without `auto_advance` the finalised invoice is collected as its draft would have been. */
function finalize(billing: Billing, invoice: Invoice, advance: boolean | undefined): Invoice {
  if (invoice.status !== 'draft') {
    throw invalidRequest(
      'id',
      `This invoice is already finalized (it is ${invoice.status}); only a draft can be.`,
      'invoice_not_editable',
    )
  }
  const auto_advance = advance ?? invoice.auto_advance
  const open = finalizeInvoice(billing, { ...invoice, auto_advance })
  if (open.status === 'open' && auto_advance) {
    attemptPayment(billing, open, { automatic: true, offSession: true })
  }
  return billing.store.invoices.need(invoice.id)
}

function pay(billing: Billing, invoice: Invoice, input: z.infer<typeof PayInvoice>): Invoice {
  const open = invoice.status === 'draft' ? finalizeInvoice(billing, invoice) : invoice
  if (invoice.status === 'draft' && open.status === 'paid') return open
  if (open.status === 'paid') throw invalidRequest('id', 'Invoice is already paid.')
  if (open.status === 'void') throw invalidRequest('id', 'A void invoice cannot be paid.')
  if (input.paid_out_of_band === true) {
    closePayment(billing, open.id)
    return recordPaid(billing, open.id, 'out_of_band')
  }
  const attempt = attemptPayment(billing, open, {
    automatic: false,
    offSession: input.off_session ?? true,
    method: input.payment_method,
  })
  throwUnpaid(attempt, { keeps: true })
  return billing.store.invoices.need(open.id)
}

function close(billing: Billing, invoice: Invoice, to: 'void' | 'uncollectible'): Invoice {
  const allowed = to === 'void' ? ['open', 'uncollectible'] : ['open']
  if (!allowed.includes(invoice.status)) {
    throw invalidRequest(
      'id',
      `You can only mark an invoice ${to} while it is ${allowed.join(' or ')}; ` +
        `this one is ${invoice.status}.`,
      'status_transition_invalid',
    )
  }
  const after = to === 'void' ? voidInvoice(billing, invoice) : markUncollectible(billing, invoice)
  const subscription = subscriptionOf(billing, after)
  if (subscription !== undefined) followInvoices(billing, subscription.id)
  return after
}

/** What an invoice shows only when it is expanded. */
export function invoiceIncludable(billing: Billing): Includable {
  const { store, state } = billing
  return {
    invoice: {
      payments: ({ id }) =>
        listOf(
          state.table('invoice_payment').where('invoice', id),
          false,
          `/v1/invoice_payments?invoice=${id}`,
        ),
      confirmation_secret: (invoice: StripeObject): Json => {
        const intent = collectionOf(billing, invoice.id).payment_intent
        if (intent === null || invoice['status'] !== 'open') return null
        return { client_secret: store.intents.need(intent).client_secret, type: 'payment_intent' }
      },
    },
  }
}
