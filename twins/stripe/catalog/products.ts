import { z } from 'zod'
import { given, previousAttributes, recordAt } from '../../kernel/fields.ts'
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
import { createPrice, createProduct, PriceData } from './catalog.ts'

const described = {
  description: textOrUnset.optional(),
  active: flag.optional(),
  images: z.array(text).optional(),
  marketing_features: z.array(z.strictObject({ name: text })).optional(),
  shippable: flag.optional(),
  statement_descriptor: text.optional(),
  tax_code: textOrUnset.optional(),
  unit_label: textOrUnset.optional(),
  url: textOrUnset.optional(),
}
const CreateInput = z.strictObject({
  ...described,
  id: text.optional(),
  name: text,
  type: z.enum(['good', 'service']).optional(),
  metadata: metadata.optional(),
  default_price_data: PriceData.optional(),
})
const UpdateInput = z.strictObject({
  ...described,
  name: text.optional(),
  default_price: text.optional(),
  metadata: metadataOrUnset.optional(),
})
const ListInput = z.strictObject({
  ...listParameters,
  active: flag.optional(),
  ids: z.array(text).optional(),
  url: text.optional(),
})

export function createProducts(state: SandboxState): Part {
  const table = state.table('product')

  function productOf(id: string): StripeObject {
    const product = table.get(id)
    if (product === undefined) throw notFound('product', id)
    return product
  }

  function create(input: z.infer<typeof CreateInput>): StripeObject {
    const { default_price_data: priceData, metadata: data = {}, ...fields } = input
    const blank = createProduct(state, { id: input.id, name: input.name })
    const plain = { ...blank, ...given(fields), id: blank.id, metadata: data }
    table.put(plain)
    state.emit('product.created', plain)
    if (priceData === undefined) return plain
    const price = createPrice(state, { ...priceData, product: plain.id })
    const product = { ...plain, default_price: price.id }
    table.put(product)
    return product
  }

  function update(before: StripeObject, input: z.infer<typeof UpdateInput>): StripeObject {
    const { metadata: change, ...fields } = input
    const after = {
      ...before,
      ...given(fields),
      metadata: mergedMetadata(recordAt(before, 'metadata'), change),
      updated: state.now(),
    }
    table.put(after)
    state.emit('product.updated', after, previousAttributes(before, after))
    return after
  }

  return {
    routes: [
      {
        method: 'POST',
        path: '/v1/products',
        handle: ({ input }) => create(parse(CreateInput, input)),
      },
      {
        method: 'GET',
        path: '/v1/products',
        handle({ input }) {
          const request = parse(ListInput, input)
          const { active, ids } = request
          const objects = table
            .all()
            .filter((found) => active === undefined || found['active'] === active)
            .filter((found) => ids === undefined || ids.includes(found.id))
          return paginate({ objects, request, url: '/v1/products' })
        },
      },
      { method: 'GET', path: '/v1/products/:id', handle: ({ param }) => productOf(param('id')) },
      {
        method: 'POST',
        path: '/v1/products/:id',
        handle: ({ param, input }) => update(productOf(param('id')), parse(UpdateInput, input)),
      },
      {
        method: 'DELETE',
        path: '/v1/products/:id',
        handle({ param }) {
          const product = productOf(param('id'))
          if (state.table('price').where('product', product.id).length > 0)
            throw invalidRequest(
              'id',
              'This product cannot be deleted because it has one or more user-created prices.',
            )
          table.remove(product.id)
          state.emit('product.deleted', product)
          return { id: product.id, object: 'product', deleted: true }
        },
      },
    ],
  }
}
