import { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import { given, previousAttributes, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { cardError, invalidRequest, notFound } from '../api/failure.ts'
import { integer, metadata, text, textOrUnset } from '../api/parameters.ts'
import { testBankAccount, testCard, type TestBankAccount, type TestCard } from './cards.ts'
import { bankFields, cardFields } from './payment-method-fields.ts'

const Address = z.strictObject({
  city: textOrUnset.optional(),
  country: textOrUnset.optional(),
  line1: textOrUnset.optional(),
  line2: textOrUnset.optional(),
  postal_code: textOrUnset.optional(),
  state: textOrUnset.optional(),
})

export const BillingDetails = z.strictObject({
  address: Address.optional(),
  email: textOrUnset.optional(),
  name: textOrUnset.optional(),
  phone: textOrUnset.optional(),
  tax_id: textOrUnset.optional(),
})

const CardInput = z.union([
  z.strictObject({ token: text }),
  z.strictObject({
    number: text,
    exp_month: integer.optional(),
    exp_year: integer.optional(),
    cvc: text.optional(),
  }),
])

/** What creates a method: `POST /v1/payment_methods`, or `payment_method_data` of an intent. */
export const PaymentMethodData = z.strictObject({
  type: z.literal('card'),
  card: CardInput,
  billing_details: BillingDetails.optional(),
  metadata: metadata.optional(),
  allow_redisplay: z.enum(['always', 'limited', 'unspecified']).optional(),
})
export type PaymentMethodData = z.infer<typeof PaymentMethodData>

/** What is behind a method, which the API does not show. */
export interface Instrument {
  readonly card: TestCard | null
  readonly bank: TestBankAccount | null
  /** Its holder authenticated it once for later use. */
  readonly setUp: boolean
  /** It was taken from a customer, and can never be used again. */
  readonly detached: boolean
}

const noAddress = {
  city: null,
  country: null,
  line1: null,
  line2: null,
  postal_code: null,
  state: null,
}

export function billingDetailsOf(
  input: z.infer<typeof BillingDetails> | undefined,
  before: JsonObject = {},
): JsonObject {
  const start = { email: null, name: null, phone: null, tax_id: null, ...before }
  const { address, ...rest } = input ?? {}
  return {
    ...start,
    ...given(rest),
    address: { ...noAddress, ...recordAt(before, 'address'), ...given({ ...address }) },
  }
}

interface PaymentMethodInput {
  readonly card?: TestCard
  readonly bank?: TestBankAccount
  readonly data?: PaymentMethodData
}

/** Methods and what is behind them. All calls belong inside a unit of work. */ interface Desk {
  readonly state: SandboxState
  readonly methods: Table
  readonly instruments: Table
  readonly customers: Table
}

function make(desk: Desk, { card, bank, data }: PaymentMethodInput): StripeObject {
  const created = desk.state.now()
  const id = desk.state.newId('pm')
  const input = data?.card !== undefined && 'number' in data.card ? data.card : null
  const year = new Date(created * 1000).getUTCFullYear() + 4
  const expiry = { month: input?.exp_month ?? 12, year: input?.exp_year ?? year }
  const method: StripeObject = {
    id,
    object: 'payment_method',
    allow_redisplay: data?.allow_redisplay ?? 'unspecified',
    billing_details: billingDetailsOf(data?.billing_details),
    ...(card === undefined ? {} : { card: cardFields(card, expiry) }),
    created,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: data?.metadata ?? {},
    type: card === undefined ? 'us_bank_account' : 'card',
    ...(bank === undefined ? {} : { us_bank_account: bankFields(bank) }),
  }
  desk.methods.put(method)
  desk.instruments.put({
    id,
    object: 'sandbox.instrument',
    created,
    livemode: false,
    token: card?.token ?? bank?.token ?? '',
    set_up: false,
  })
  return method
}

function create(desk: Desk, data: PaymentMethodData): StripeObject {
  const name = 'token' in data.card ? data.card.token : data.card.number
  const card = testCard(name)
  if (card !== undefined) return make(desk, { card, data })
  if ('token' in data.card) throw notFound('token', name, 'card[token]')
  throw cardError({
    code: 'card_declined',
    decline_code: 'test_mode_live_card',
    message:
      'Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.',
    keeps: false,
  })
}

function resolve(desk: Desk, id: string, param = 'payment_method'): StripeObject {
  const known = desk.methods.get(id)
  if (known !== undefined) return known
  const card = id.startsWith('pm_card_') ? testCard(id) : undefined
  if (card !== undefined) return make(desk, { card })
  const bank = testBankAccount(id)
  if (bank !== undefined) return make(desk, { bank })
  throw notFound('PaymentMethod', id, param)
}

function instrumentOf(desk: Desk, id: string): Instrument {
  const row = desk.instruments.get(id)
  const token = row === undefined ? '' : (textAt(row, 'token') ?? '')
  return {
    card: testCard(token) ?? null,
    bank: testBankAccount(token) ?? null,
    setUp: row?.['set_up'] === true,
    detached: row?.['detached'] === true,
  }
}

/** As `resolve`, for use in a request: what was detached is refused. */
function usable(desk: Desk, id: string, param = 'payment_method'): StripeObject {
  const method = resolve(desk, id, param)
  if (!instrumentOf(desk, method.id).detached) return method
  throw invalidRequest(
    param,
    'The provided PaymentMethod was detached from a Customer. It may not be used again.',
  )
}

function put(desk: Desk, after: StripeObject, type: string): StripeObject {
  const before = desk.methods.get(after.id) ?? {}
  desk.methods.put(after)
  desk.state.emit(type, after, previousAttributes(before, after))
  return after
}

function attach(desk: Desk, id: string, customerId: string): StripeObject {
  if (desk.customers.get(customerId) === undefined)
    throw notFound('customer', customerId, 'customer')
  const method = usable(desk, id)
  const owner = textAt(method, 'customer')
  if (owner === customerId) return method
  if (owner !== null)
    throw invalidRequest(
      'payment_method',
      'The payment method you provided has already been attached to a customer.',
    )
  const { card } = instrumentOf(desk, method.id)
  if (card?.refusesAttach === true && card.decline !== undefined)
    throw cardError({ ...card.decline, keeps: false })
  const attached = { ...method, customer: customerId }
  desk.methods.put(attached)
  desk.state.emit('payment_method.attached', attached)
  return attached
}

function mark(desk: Desk, id: string, what: 'set_up' | 'detached'): void {
  const row = desk.instruments.get(id)
  if (row !== undefined) desk.instruments.put({ ...row, [what]: true })
}

function detach(desk: Desk, id: string): StripeObject {
  const method = desk.methods.get(id)
  if (method === undefined) throw notFound('PaymentMethod', id)
  const owner = textAt(method, 'customer')
  if (owner === null)
    throw invalidRequest(
      'payment_method',
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    )
  const detached = { ...method, customer: null }
  put(desk, detached, 'payment_method.detached')
  mark(desk, id, 'detached')
  loseDefault(desk, owner, id)
  return detached
}

function loseDefault(desk: Desk, customerId: string, methodId: string): void {
  const before = desk.customers.get(customerId)
  if (before === undefined) return
  if (textAt(before, 'invoice_settings.default_payment_method') !== methodId) return
  const settings = { ...recordAt(before, 'invoice_settings'), default_payment_method: null }
  const after = { ...before, invoice_settings: settings }
  desk.customers.put(after)
  desk.state.emit('customer.updated', after, previousAttributes(before, after))
}

/** Methods and what is behind them. All calls belong inside a unit of work. */
export interface Wallet {
  /** A new method from a card's number or token. Throws 402 for a number that is no test card. */
  create(data: PaymentMethodData): StripeObject
  /**
   * The method with this id; a test token such as `pm_card_visa` makes a fresh one. Throws Stripe's
   * answer for an unknown id; `param` names the field that held it.
   */
  resolve(id: string, param?: string): StripeObject
  /** As `resolve`, for use in a request: a method that was detached can never be used again. */
  usable(id: string, param?: string): StripeObject
  instrumentOf(id: string): Instrument
  /** Remembers that the holder authenticated the card for later use. */
  markSetUp(id: string): void
  /**
   * Attaches it to a customer, as a new `payment_method.attached`; doing it again changes nothing.
   */
  attach(id: string, customerId: string): StripeObject
  /** Takes it from its customer, who no longer has it as a default. */
  detach(id: string): StripeObject
  /** Stores a changed method and announces what changed. */
  update(after: StripeObject): StripeObject
}

export function createWallet(state: SandboxState): Wallet {
  const desk: Desk = {
    state,
    methods: state.table('payment_method'),
    instruments: state.table('sandbox.instrument'),
    customers: state.table('customer'),
  }
  return {
    create: (data) => create(desk, data),
    resolve: (id, param) => resolve(desk, id, param),
    usable: (id, param) => usable(desk, id, param),
    instrumentOf: (id) => instrumentOf(desk, id),
    markSetUp: (id) => mark(desk, id, 'set_up'),
    attach: (id, customerId) => attach(desk, id, customerId),
    detach: (id) => detach(desk, id),
    update: (after) => put(desk, after, 'payment_method.updated'),
  }
}
