import { z } from 'zod'
import { given, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { cardError, invalidRequest, notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import {
  amount,
  flag,
  mergedMetadata,
  metadata,
  metadataOrUnset,
  parse,
  text,
  textOrUnset,
} from '../api/parameters.ts'
import type { Part, Route } from '../api/parts.ts'
import { PaymentMethodData, type Wallet } from '../customers/payment-methods.ts'
import type { Payments } from './payments.ts'

/** Below it Stripe refuses a payment: 0.50 of most currencies. */
const amountMin = 50

const currency = z.string().regex(/^[a-zA-Z]{3}$/)
const usage = z.enum(['off_session', 'on_session'])
const offSession = z.union([flag, z.enum(['one_off', 'recurring']).transform(() => true)])

const method = {
  payment_method: text.optional(),
  payment_method_data: PaymentMethodData.optional(),
}

const confirmation = {
  ...method,
  off_session: offSession.optional(),
  return_url: text.optional(),
  error_on_requires_action: flag.optional(),
  setup_future_usage: usage.optional(),
  payment_method_types: z.array(text).optional(),
  payment_method_options: z.looseObject({}).optional(),
  mandate_data: z.looseObject({}).optional(),
  use_stripe_sdk: flag.optional(),
  receipt_email: textOrUnset.optional(),
}

const described = {
  customer: text.optional(),
  description: text.optional(),
  statement_descriptor: text.optional(),
  statement_descriptor_suffix: text.optional(),
}

const CreateInput = z.strictObject({
  amount,
  currency,
  ...described,
  ...confirmation,
  metadata: metadata.optional(),
  confirm: flag.optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  capture_method: z.enum(['automatic', 'automatic_async']).optional(),
  confirmation_method: z.enum(['automatic', 'manual']).optional(),
})
const UpdateInput = z.strictObject({
  ...described,
  ...method,
  amount: amount.optional(),
  currency: currency.optional(),
  setup_future_usage: usage.optional(),
  metadata: metadataOrUnset.optional(),
  receipt_email: textOrUnset.optional(),
})
const ConfirmInput = z.strictObject({ ...confirmation, client_secret: text.optional() })
const RetrieveInput = z.strictObject({ client_secret: text.optional() })
const CancelInput = z.strictObject({
  cancellation_reason: z
    .enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'])
    .optional(),
})
const ListInput = z.strictObject({ ...listParameters, customer: text.optional() })

type ConfirmFields = Pick<
  z.infer<typeof ConfirmInput>,
  | 'payment_method'
  | 'payment_method_data'
  | 'off_session'
  | 'return_url'
  | 'error_on_requires_action'
>

/** Refuses a publishable key without the intent's own secret, as if the intent were not there. */
export function checkSecret(
  intent: StripeObject,
  caller: { byClient: boolean; secret: string | undefined },
): void {
  const { byClient, secret } = caller
  if (!byClient && secret === undefined) return
  if (secret !== textAt(intent, 'client_secret')) throw notFound(intent.object, intent.id, 'intent')
}

export interface PaymentRoutePorts {
  readonly wallet: Wallet
  readonly payments: Payments
}
interface Desk extends PaymentRoutePorts {
  readonly state: SandboxState
  readonly intents: Table
}

function intentOf(desk: Desk, id: string): StripeObject {
  const intent = desk.intents.get(id)
  if (intent === undefined) throw notFound('payment_intent', id, 'intent')
  return intent
}

/** An invoice's intent is driven by its invoice alone: here it may only be confirmed. */
function notOfInvoice(desk: Desk, intent: StripeObject): StripeObject {
  const owner = desk.state.table('invoice_payment').where('payment.payment_intent', intent.id)
  if (owner.length === 0) return intent
  throw invalidRequest(
    null,
    `PaymentIntent ${intent.id} belongs to an invoice: change, pay or void the invoice instead.`,
    'payment_intent_unexpected_state',
  )
}

function methodIdOf(desk: Desk, input: ConfirmFields): string | undefined {
  if (input.payment_method_data !== undefined)
    return desk.wallet.create(input.payment_method_data).id
  return input.payment_method === undefined
    ? undefined
    : desk.wallet.usable(input.payment_method).id
}

function confirm(desk: Desk, id: string, input: ConfirmFields): StripeObject {
  const methodId = methodIdOf(desk, input)
  const failing = input.error_on_requires_action === true || input.off_session === true
  const result = desk.payments.confirm(id, {
    ...(methodId === undefined ? {} : { payment_method: methodId }),
    ...(input.return_url === undefined ? {} : { return_url: input.return_url }),
    off_session: input.off_session ?? false,
    authentication: failing ? 'fail' : 'wait',
  })
  if (result.outcome !== 'declined') return result.intent
  const error = recordAt(result.intent, 'last_payment_error')
  const { charge = null, payment_method: refused = null, doc_url: help = null } = error
  throw cardError({
    code: result.code ?? 'card_declined',
    decline_code: result.decline_code,
    message: textAt(error, 'message') ?? 'Your card was declined.',
    more: { charge, doc_url: help, payment_intent: result.intent, payment_method: refused },
  })
}

function create(desk: Desk, input: z.infer<typeof CreateInput>): StripeObject {
  if (input.amount < amountMin)
    throw invalidRequest('amount', 'Amount must be at least 50 cents', 'amount_too_small')
  const { customer = null, automatic_payment_methods: automatic } = input
  if (customer !== null && desk.state.table('customer').get(customer) === undefined)
    throw notFound('customer', customer, 'customer')
  const methodId = methodIdOf(desk, input)
  const made = desk.payments.create({
    amount: input.amount,
    currency: input.currency.toLowerCase(),
    customer,
    metadata: input.metadata ?? {},
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(methodId === undefined ? {} : { payment_method: methodId }),
    ...(input.setup_future_usage === undefined
      ? {}
      : { setup_future_usage: input.setup_future_usage }),
  })
  const intent = {
    ...made,
    receipt_email: input.receipt_email ?? null,
    statement_descriptor: input.statement_descriptor ?? null,
    statement_descriptor_suffix: input.statement_descriptor_suffix ?? null,
    automatic_payment_methods:
      automatic === undefined
        ? null
        : { allow_redirects: automatic.allow_redirects ?? 'always', enabled: automatic.enabled },
  }
  desk.intents.put(intent)
  if (input.confirm !== true) return intent
  const { payment_method: _method, payment_method_data: _data, ...rest } = input
  return confirm(desk, intent.id, rest)
}

function update(
  desk: Desk,
  before: StripeObject,
  input: z.infer<typeof UpdateInput>,
): StripeObject {
  const { metadata: change, payment_method: _m, payment_method_data: _d, ...fields } = input
  if (['succeeded', 'canceled', 'processing'].includes(textAt(before, 'status') ?? ''))
    throw invalidRequest(
      null,
      `This PaymentIntent could not be updated because it has a status of ${textAt(before, 'status')}.`,
      'payment_intent_unexpected_state',
    )
  const methodId = methodIdOf(desk, input)
  const after = {
    ...before,
    ...given(fields),
    metadata: mergedMetadata(recordAt(before, 'metadata'), change),
    last_payment_error: null,
    ...(methodId === undefined
      ? {}
      : { payment_method: methodId, status: 'requires_confirmation', next_action: null }),
  }
  desk.intents.put(after)
  return after
}

function openingRoutes(desk: Desk): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/payment_intents',
      handle: ({ input }) => create(desk, parse(CreateInput, input)),
    },
    {
      method: 'GET',
      path: '/v1/payment_intents',
      handle({ input }) {
        const request = parse(ListInput, input)
        const { customer } = request
        const objects =
          customer === undefined ? desk.intents.all() : desk.intents.where('customer', customer)
        return paginate({ objects, request, url: '/v1/payment_intents' })
      },
    },
    {
      method: 'GET',
      path: '/v1/payment_intents/:id',
      client: true,
      handle({ param, input, byClient }) {
        const intent = intentOf(desk, param('id'))
        const { client_secret: secret } = parse(RetrieveInput, input)
        checkSecret(intent, { byClient, secret })
        return intent
      },
    },
  ]
}

function changingRoutes(desk: Desk): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/payment_intents/:id',
      handle({ param, input }) {
        const request = parse(UpdateInput, input)
        const intent = intentOf(desk, param('id'))
        return update(
          desk,
          request.amount === undefined ? intent : notOfInvoice(desk, intent),
          request,
        )
      },
    },
    {
      method: 'POST',
      path: '/v1/payment_intents/:id/confirm',
      client: true,
      handle({ param, input, byClient }) {
        const request = parse(ConfirmInput, input)
        const intent = intentOf(desk, param('id'))
        checkSecret(intent, { byClient, secret: request.client_secret })
        if (request.setup_future_usage !== undefined)
          desk.intents.put({ ...intent, setup_future_usage: request.setup_future_usage })
        return confirm(desk, param('id'), request)
      },
    },
    {
      method: 'POST',
      path: '/v1/payment_intents/:id/cancel',
      handle({ param, input }) {
        const { cancellation_reason: reason = null } = parse(CancelInput, input)
        return desk.payments.cancel(notOfInvoice(desk, intentOf(desk, param('id'))).id, reason)
      },
    },
  ]
}

export function createPaymentIntentRoutes(state: SandboxState, ports: PaymentRoutePorts): Part {
  const desk: Desk = { ...ports, state, intents: state.table('payment_intent') }
  return { routes: [...openingRoutes(desk), ...changingRoutes(desk)] }
}
