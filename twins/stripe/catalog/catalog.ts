import { z } from 'zod'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest, notFound } from '../api/failure.ts'
import { amount, integer, metadata } from '../api/parameters.ts'

const Recurring = z.strictObject({
  interval: z.enum(['day', 'week', 'month', 'year']),
  interval_count: integer.refine((count) => count >= 1).optional(),
  usage_type: z.literal('licensed').optional(),
  trial_period_days: integer.optional(),
})

/** A price without its product: what `default_price_data` and Checkout's `price_data` take. */
export const PriceData = z.strictObject({
  currency: z.string().regex(/^[a-zA-Z]{3}$/),
  unit_amount: amount.optional(),
  unit_amount_decimal: z
    .string()
    .regex(/^\d{1,10}(\.\d{1,12})?$/)
    .optional(),
  recurring: Recurring.optional(),
  tax_behavior: z.enum(['inclusive', 'exclusive', 'unspecified']).optional(),
  metadata: metadata.optional(),
})

export interface NewProduct {
  readonly id?: string | undefined
  readonly name: string
}

/** Stores and announces a product. Throws 400 if the chosen id is taken. Inside a unit of work. */
export function createProduct(state: SandboxState, input: NewProduct): StripeObject {
  const products = state.table('product')
  const id = input.id ?? state.newId('prod')
  if (products.get(id) !== undefined)
    throw invalidRequest('id', `Product already exists: '${id}'`, 'resource_already_exists')
  const product: StripeObject = {
    id,
    object: 'product',
    active: true,
    attributes: [],
    created: state.now(),
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    name: input.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: state.now(),
    url: null,
  }
  products.put(product)
  return product
}

export type NewPrice = z.infer<typeof PriceData> & {
  readonly product: string
  readonly active?: boolean | undefined
  readonly nickname?: string | null | undefined
  readonly lookup_key?: string | undefined
  readonly transfer_lookup_key?: boolean | undefined
}

/** The lookup key names one price; another that has it loses it, if that was asked for. */
export function freeLookupKey(state: SandboxState, key: string, transfer: boolean): void {
  const prices = state.table('price')
  for (const holder of prices.where('lookup_key', key)) {
    if (!transfer)
      throw invalidRequest(
        'lookup_key',
        `A price (\`${holder.id}\`) already uses that lookup key.`,
        'resource_already_exists',
      )
    prices.put({ ...holder, lookup_key: null })
  }
}

function amountsOf({ unit_amount, unit_amount_decimal: decimal }: NewPrice) {
  if (unit_amount === undefined && decimal === undefined)
    throw invalidRequest('unit_amount', 'Missing required param: unit_amount.', 'parameter_missing')
  if (decimal === undefined) return { unit_amount: unit_amount ?? 0, decimal: String(unit_amount) }
  return { unit_amount: /^\d+$/.test(decimal) ? Number(decimal) : null, decimal }
}

/** Stores and announces a price of a product that exists. Inside a unit of work. */
export function createPrice(state: SandboxState, input: NewPrice): StripeObject {
  if (state.table('product').get(input.product) === undefined)
    throw notFound('product', input.product, 'product')
  const { unit_amount, decimal } = amountsOf(input)
  if (input.lookup_key !== undefined)
    freeLookupKey(state, input.lookup_key, input.transfer_lookup_key ?? false)
  const { recurring } = input
  const price: StripeObject = {
    id: state.newId('price'),
    object: 'price',
    active: input.active ?? true,
    billing_scheme: 'per_unit',
    created: state.now(),
    currency: input.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: input.lookup_key ?? null,
    metadata: input.metadata ?? {},
    nickname: input.nickname ?? null,
    product: input.product,
    recurring:
      recurring === undefined
        ? null
        : {
            interval: recurring.interval,
            interval_count: recurring.interval_count ?? 1,
            meter: null,
            trial_period_days: recurring.trial_period_days ?? null,
            usage_type: 'licensed',
          },
    tax_behavior: input.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring === undefined ? 'one_time' : 'recurring',
    unit_amount,
    unit_amount_decimal: decimal,
  }
  state.table('price').put(price)
  state.emit('price.created', price)
  return price
}
