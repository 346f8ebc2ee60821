import { createRoute, z } from '@hono/zod-openapi'
import { ask } from '../actors/command.ts'
import { accountEntry, notFound, refOf, seenInvoice } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { access } from '../middleware/auth.ts'
import { presentInvoice, WireInvoice } from '../resources/invoice.ts'
import {
  IdParams,
  json,
  jsonBody,
  KeyHeader,
  problemResponses,
  PageQuery,
  pageOf,
  postProblemResponses,
} from '../resources/wire.ts'

const PayInvoice = z
  .strictObject({
    payment_method: z.string().optional().openapi({
      description: 'One of the payment methods of the account; by default the one it prefers.',
    }),
  })
  .openapi('PayInvoice')

const listInvoices = createRoute({
  ...access('dashboard', 'admin'),
  method: 'get',
  path: '/v1/invoices',
  tags: ['Invoices'],
  summary: 'The invoices of an account, page by page, in the order of their ids',
  request: { query: z.strictObject({ account: z.string(), ...PageQuery }) },
  responses: {
    200: json(pageOf(WireInvoice).openapi('InvoiceList'), 'One page'),
    ...problemResponses('not_found', 'invalid_request'),
  },
})

const getInvoice = createRoute({
  ...access('dashboard', 'admin'),
  method: 'get',
  path: '/v1/invoices/{id}',
  tags: ['Invoices'],
  summary: 'An invoice',
  request: { params: IdParams },
  responses: {
    200: json(WireInvoice, 'The invoice as it is now'),
    ...problemResponses('not_found'),
  },
})

const payInvoice = createRoute({
  ...access('dashboard', 'admin'),
  method: 'post',
  path: '/v1/invoices/{id}/pay',
  tags: ['Invoices'],
  summary: 'Asks for an attempt to collect it now',
  request: { params: IdParams, headers: KeyHeader, body: jsonBody(PayInvoice) },
  responses: {
    202: json(WireInvoice, 'Asked for; paid once the provider says so'),
    ...postProblemResponses(
      'not_found',
      'not_possible_now',
      'payment_method_required',
      'payment_method_unknown',
    ),
  },
})

/** The routes of this area, from which a typed client is made. */
export const invoiceRoutes = { listInvoices, getInvoice, payInvoice } as const

export function mountInvoices(app: App, deps: HttpDeps): void {
  app.openapi(listInvoices, async (c) => {
    const { account, cursor = null, limit } = c.req.valid('query')
    await accountEntry(c, deps, account)
    const page = await deps.store.viewRows('invoices', `${account}/`, { cursor, limit })
    const entries = await Promise.all(
      page.items.map(({ key }) =>
        deps.runtime.read(refOf('invoice', key.slice(account.length + 1))),
      ),
    )
    const data = entries.flatMap((entry) => (entry && presentInvoice(entry)) ?? [])
    return c.json({ object: 'list' as const, data, next_cursor: page.cursor }, 200)
  })

  app.openapi(getInvoice, async (c) => {
    const { shown } = await seenInvoice(c, deps, c.req.valid('param').id)
    return c.json(shown, 200)
  })

  app.openapi(payInvoice, async (c) => {
    const { payment_method: paymentMethod = null } = c.req.valid('json')
    const { shown } = await seenInvoice(c, deps, c.req.valid('param').id)
    const event = { type: 'invoice.pay', paymentMethod } as const
    const paid = presentInvoice(await ask(c, deps, refOf('invoice', shown.id), event))
    if (!paid) throw notFound()
    return c.json(paid, 202)
  })
}
