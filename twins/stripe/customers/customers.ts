import { z } from 'zod'
import { JsonObject } from '../../../values/json.ts'
import { given, previousAttributes, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import { mergedMetadata, metadataOrUnset, parse, text, textOrUnset } from '../api/parameters.ts'
import type { Part, Route } from '../api/parts.ts'
import type { Wallet } from './payment-methods.ts'

const fields = {
  email: textOrUnset.optional(),
  name: textOrUnset.optional(),
  phone: textOrUnset.optional(),
  description: textOrUnset.optional(),
  address: JsonObject.optional(),
  shipping: JsonObject.optional(),
  preferred_locales: z.array(text).optional(),
  tax_exempt: z.enum(['none', 'exempt', 'reverse']).optional(),
  invoice_prefix: z
    .string()
    .regex(/^[A-Z0-9]{3,12}$/)
    .optional(),
}
const settings = z.strictObject({
  default_payment_method: textOrUnset.optional(),
  footer: textOrUnset.optional(),
})
const Input = z.strictObject({
  ...fields,
  invoice_settings: settings.optional(),
  metadata: metadataOrUnset.optional(),
  payment_method: text.optional(),
})
const ListInput = z.strictObject({ ...listParameters, email: text.optional() })

type CustomerInput = z.infer<typeof Input>

function newCustomer(state: SandboxState): StripeObject {
  const id = state.newId('cus')
  return {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: state.now(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: id.slice('cus_'.length, 'cus_'.length + 8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
}
interface Desk {
  readonly state: SandboxState
  readonly wallet: Wallet
  readonly customers: Table
  readonly deleted: Table
  readonly watchers: ((customer: StripeObject) => void)[]
}

function customerOf(desk: Desk, id: string): StripeObject {
  const customer = desk.customers.get(id)
  if (customer === undefined) throw notFound('customer', id)
  return customer
}

/** The method that becomes the default: it must be the customer's own. */
function ownMethod(desk: Desk, id: string, customerId: string): string {
  const param = 'invoice_settings[default_payment_method]'
  const method = desk.wallet.resolve(id, param)
  if (textAt(method, 'customer') !== customerId) throw notFound('PaymentMethod', id, param)
  return method.id
}

function settingsOf(
  desk: Desk,
  before: StripeObject,
  input: CustomerInput,
  attached: string | null,
) {
  const { default_payment_method: chosen, footer } = input.invoice_settings ?? {}
  const known = recordAt(before, 'invoice_settings')
  // A token attached by the same call has become a method of its own: the token means that one.
  const isSame = chosen !== undefined && chosen === input.payment_method
  const id = isSame ? attached : chosen
  return {
    ...known,
    ...(footer === undefined ? {} : { footer }),
    ...(id === undefined
      ? {}
      : { default_payment_method: id === null ? null : ownMethod(desk, id, before.id) }),
  }
}

function changed(desk: Desk, before: StripeObject, input: CustomerInput): StripeObject {
  const { invoice_settings: _settings, metadata, payment_method: method, ...plain } = input
  const attached = method === undefined ? null : desk.wallet.attach(method, before.id).id
  return {
    ...before,
    ...given(plain),
    invoice_settings: settingsOf(desk, before, input, attached),
    metadata: mergedMetadata(recordAt(before, 'metadata'), metadata),
  }
}

function create(desk: Desk, input: CustomerInput): StripeObject {
  const blank = newCustomer(desk.state)
  // Attaching needs the customer to be there.
  desk.customers.put(blank)
  const { payment_method: method, invoice_settings: settings, ...plain } = input
  const named = changed(desk, blank, plain)
  desk.customers.put(named)
  desk.state.emit('customer.created', named)
  if (method === undefined && settings === undefined) return named
  const whole = changed(desk, named, input)
  desk.customers.put(whole)
  return whole
}

function update(desk: Desk, before: StripeObject, input: CustomerInput): StripeObject {
  const after = changed(desk, before, input)
  const previous = previousAttributes(before, after)
  desk.customers.put(after)
  if (Object.keys(previous).length > 0) desk.state.emit('customer.updated', after, previous)
  return after
}

function remove(desk: Desk, customer: StripeObject): JsonObject {
  for (const watcher of desk.watchers) watcher(customer)
  for (const method of desk.state.table('payment_method').where('customer', customer.id))
    desk.state.table('payment_method').put({ ...method, customer: null })
  desk.customers.remove(customer.id)
  desk.deleted.put({
    id: customer.id,
    object: 'customer',
    created: customer.created,
    livemode: false,
  })
  desk.state.emit('customer.deleted', customer)
  return { id: customer.id, object: 'customer', deleted: true }
}

function routes(desk: Desk): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/customers',
      handle: ({ input }) => create(desk, parse(Input, input)),
    },
    {
      method: 'GET',
      path: '/v1/customers',
      handle({ input }) {
        const request = parse(ListInput, input)
        const { email } = request
        const objects =
          email === undefined ? desk.customers.all() : desk.customers.where('email', email)
        return paginate({ objects, request, url: '/v1/customers' })
      },
    },
    {
      method: 'GET',
      path: '/v1/customers/:id',
      handle({ param }) {
        const id = param('id')
        if (desk.deleted.get(id) !== undefined) return { id, object: 'customer', deleted: true }
        return customerOf(desk, id)
      },
    },
    {
      method: 'POST',
      path: '/v1/customers/:id',
      handle: ({ param, input }) =>
        update(desk, customerOf(desk, param('id')), parse(Input, input)),
    },
    {
      method: 'DELETE',
      path: '/v1/customers/:id',
      handle: ({ param }) => remove(desk, customerOf(desk, param('id'))),
    },
  ]
}

export function createCustomers(state: SandboxState, wallet: Wallet) {
  const desk: Desk = {
    state,
    wallet,
    customers: state.table('customer'),
    deleted: state.table('sandbox.deleted_customer'),
    watchers: [],
  }
  const part: Part = { routes: routes(desk) }
  return {
    part,
    /** For the twin's own pages. Belongs inside a unit of work. */
    create: (input: CustomerInput) => create(desk, input),
    /** Called inside the unit that deletes a customer, before it is gone. */
    onDelete: (watcher: (customer: StripeObject) => void) => {
      desk.watchers.push(watcher)
    },
  }
}
