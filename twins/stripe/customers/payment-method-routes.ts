import { z } from 'zod'
import { given, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest, notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import { integer, mergedMetadata, metadataOrUnset, parse, text } from '../api/parameters.ts'
import type { Part } from '../api/parts.ts'
import {
  BillingDetails,
  billingDetailsOf,
  PaymentMethodData,
  type Wallet,
} from './payment-methods.ts'

const ListInput = z.strictObject({
  ...listParameters,
  customer: text.optional(),
  type: text.optional(),
})
const AttachInput = z.strictObject({ customer: text })
const Nothing = z.strictObject({})
const UpdateInput = z.strictObject({
  metadata: metadataOrUnset.optional(),
  billing_details: BillingDetails.optional(),
  card: z.strictObject({ exp_month: integer.optional(), exp_year: integer.optional() }).optional(),
  allow_redisplay: z.enum(['always', 'limited', 'unspecified']).optional(),
})

export function createPaymentMethodRoutes(state: SandboxState, wallet: Wallet): Part {
  const table = state.table('payment_method')

  function methodOf(id: string): StripeObject {
    const method = table.get(id)
    if (method === undefined) throw notFound('PaymentMethod', id)
    return method
  }

  function update(before: StripeObject, input: z.infer<typeof UpdateInput>): StripeObject {
    if (textAt(before, 'customer') === null)
      throw invalidRequest('id', 'You must save this PaymentMethod to a customer to update it.')
    const card = { ...recordAt(before, 'card'), ...given({ ...input.card }) }
    return wallet.update({
      ...before,
      ...given({ allow_redisplay: input.allow_redisplay }),
      billing_details: billingDetailsOf(input.billing_details, recordAt(before, 'billing_details')),
      metadata: mergedMetadata(recordAt(before, 'metadata'), input.metadata),
      ...(textAt(before, 'type') === 'card' ? { card } : {}),
    })
  }

  return {
    routes: [
      {
        method: 'POST',
        path: '/v1/payment_methods',
        client: true,
        handle: ({ input }) => wallet.create(parse(PaymentMethodData, input)),
      },
      {
        method: 'GET',
        path: '/v1/payment_methods',
        handle({ input }) {
          const request = parse(ListInput, input)
          const { customer, type } = request
          const found = customer === undefined ? table.all() : table.where('customer', customer)
          const objects = found.filter(
            (method) => type === undefined || textAt(method, 'type') === type,
          )
          return paginate({ objects, request, url: '/v1/payment_methods' })
        },
      },
      {
        method: 'GET',
        path: '/v1/payment_methods/:id',
        handle: ({ param }) => methodOf(param('id')),
      },
      {
        method: 'POST',
        path: '/v1/payment_methods/:id',
        handle: ({ param, input }) => update(methodOf(param('id')), parse(UpdateInput, input)),
      },
      {
        method: 'POST',
        path: '/v1/payment_methods/:id/attach',
        handle: ({ param, input }) =>
          wallet.attach(param('id'), parse(AttachInput, input).customer),
      },
      {
        method: 'POST',
        path: '/v1/payment_methods/:id/detach',
        handle({ param, input }) {
          parse(Nothing, input)
          return wallet.detach(param('id'))
        },
      },
      {
        method: 'GET',
        path: '/v1/customers/:customer/payment_methods',
        handle({ param, input }) {
          const request = parse(ListInput, input)
          const customer = param('customer')
          if (state.table('customer').get(customer) === undefined)
            throw notFound('customer', customer)
          const url = `/v1/customers/${customer}/payment_methods`
          const objects = table
            .where('customer', customer)
            .filter(
              (method) => request.type === undefined || textAt(method, 'type') === request.type,
            )
          return paginate({ objects, request, url })
        },
      },
      {
        method: 'GET',
        path: '/v1/customers/:customer/payment_methods/:id',
        handle({ param }) {
          const method = methodOf(param('id'))
          if (textAt(method, 'customer') !== param('customer'))
            throw notFound('PaymentMethod', param('id'))
          return method
        },
      },
    ],
  }
}
