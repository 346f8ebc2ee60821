import { z } from 'zod'
import { given, previousAttributes, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest, notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import {
  flag,
  mergedMetadata,
  metadata,
  metadataOrUnset,
  parse,
  text,
  textOrUnset,
} from '../api/parameters.ts'
import type { Part } from '../api/parts.ts'
import { createPrice, createProduct, freeLookupKey, PriceData } from './catalog.ts'

const CreateInput = PriceData.extend({
  product: text.optional(),
  product_data: z
    .strictObject({ id: text.optional(), name: text, metadata: metadata.optional() })
    .optional(),
  active: flag.optional(),
  nickname: textOrUnset.optional(),
  lookup_key: text.optional(),
  transfer_lookup_key: flag.optional(),
  billing_scheme: z.literal('per_unit').optional(),
})
const UpdateInput = z.strictObject({
  active: flag.optional(),
  nickname: textOrUnset.optional(),
  lookup_key: text.optional(),
  transfer_lookup_key: flag.optional(),
  tax_behavior: z.enum(['inclusive', 'exclusive', 'unspecified']).optional(),
  metadata: metadataOrUnset.optional(),
})
const ListInput = z.strictObject({
  ...listParameters,
  active: flag.optional(),
  product: text.optional(),
  currency: text.optional(),
  type: z.enum(['one_time', 'recurring']).optional(),
  lookup_keys: z.array(text).max(10).optional(),
  recurring: z.strictObject({ interval: text.optional(), usage_type: text.optional() }).optional(),
})

export function createPrices(state: SandboxState): Part {
  const table = state.table('price')

  function priceOf(id: string): StripeObject {
    const price = table.get(id)
    if (price === undefined) throw notFound('price', id)
    return price
  }

  function create(input: z.infer<typeof CreateInput>): StripeObject {
    const { product, product_data: data } = input
    if (product !== undefined) return createPrice(state, { ...input, product })
    if (data === undefined)
      throw invalidRequest('product', 'You must pass product or product_data.', 'parameter_missing')
    const made = createProduct(state, data)
    const named = { ...made, metadata: data.metadata ?? {} }
    state.table('product').put(named)
    state.emit('product.created', named)
    return createPrice(state, { ...input, product: made.id })
  }

  function update(before: StripeObject, input: z.infer<typeof UpdateInput>): StripeObject {
    const { metadata: change, transfer_lookup_key: transfer = false, ...fields } = input
    if (fields.lookup_key !== undefined && fields.lookup_key !== textAt(before, 'lookup_key'))
      freeLookupKey(state, fields.lookup_key, transfer)
    const after = {
      ...before,
      ...given(fields),
      metadata: mergedMetadata(recordAt(before, 'metadata'), change),
    }
    table.put(after)
    state.emit('price.updated', after, previousAttributes(before, after))
    return after
  }

  return {
    routes: [
      {
        method: 'POST',
        path: '/v1/prices',
        handle: ({ input }) => create(parse(CreateInput, input)),
      },
      {
        method: 'GET',
        path: '/v1/prices',
        handle({ input }) {
          const request = parse(ListInput, input)
          const { active, product, currency, type, lookup_keys: keys, recurring } = request
          const isWanted = (field: string, value: string | undefined, price: StripeObject) =>
            value === undefined || textAt(price, field) === value
          const objects = table
            .all()
            .filter((price) => active === undefined || price['active'] === active)
            .filter((price) => isWanted('product', product, price))
            .filter((price) => isWanted('currency', currency, price))
            .filter((price) => isWanted('type', type, price))
            .filter((price) => isWanted('recurring.interval', recurring?.interval, price))
            .filter(
              (price) => keys === undefined || keys.includes(textAt(price, 'lookup_key') ?? ''),
            )
          return paginate({ objects, request, url: '/v1/prices' })
        },
      },
      { method: 'GET', path: '/v1/prices/:id', handle: ({ param }) => priceOf(param('id')) },
      {
        method: 'POST',
        path: '/v1/prices/:id',
        handle: ({ param, input }) => update(priceOf(param('id')), parse(UpdateInput, input)),
      },
    ],
  }
}
