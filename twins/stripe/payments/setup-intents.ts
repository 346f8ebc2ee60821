import type { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import { given, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { cardError, invalidRequest, notFound } from '../api/failure.ts'
import { paginate } from '../api/lists.ts'
import { mergedMetadata, parse } from '../api/parameters.ts'
import type { Part, Route } from '../api/parts.ts'
import { type Decline, needsAuthentication } from '../customers/cards.ts'
import type { Wallet } from '../customers/payment-methods.ts'
import { checkSecret } from './payment-intent-routes.ts'
import type { PaymentAuthentication } from './payment-intents.ts'
import {
  CancelInput,
  ConfirmInput,
  CreateInput,
  ListInput,
  newSetupIntent,
  RetrieveInput,
  UpdateInput,
} from './setup-intent-object.ts'

const open = new Set(['requires_payment_method', 'requires_confirmation', 'requires_action'])

export interface SetupPorts {
  readonly wallet: Wallet
  readonly publicUrl: () => string
}
interface Desk extends SetupPorts {
  readonly state: SandboxState
  readonly watchers: ((intent: StripeObject) => void)[]
  readonly intents: Table
}

function intentOf(desk: Desk, id: string): StripeObject {
  const intent = desk.intents.get(id)
  if (intent === undefined) throw notFound('setupintent', id, 'intent')
  return intent
}

function put(
  desk: Desk,
  before: StripeObject,
  { change, type }: { change: JsonObject; type: string },
): StripeObject {
  const intent: StripeObject = { ...before, next_action: null, ...change }
  desk.intents.put(intent)
  desk.state.emit(`setup_intent.${type}`, intent)
  return intent
}

function awaited(desk: Desk, id: string, verb: string): StripeObject {
  const intent = intentOf(desk, id)
  if (open.has(textAt(intent, 'status') ?? '')) return intent
  throw invalidRequest(
    null,
    `You cannot ${verb} this SetupIntent because it has a status of ${textAt(intent, 'status')}.`,
    'setup_intent_unexpected_state',
  )
}

function fail(desk: Desk, intent: StripeObject, error: JsonObject): StripeObject {
  const method = desk.wallet.resolve(textAt(intent, 'payment_method') ?? '')
  const change = {
    last_setup_error: { ...error, payment_method: method },
    payment_method: null,
    status: 'requires_payment_method',
  }
  return put(desk, intent, { change, type: 'setup_failed' })
}

function decline(
  desk: Desk,
  intent: StripeObject,
  { code, decline_code, message }: Decline,
): StripeObject {
  return fail(desk, intent, { code, decline_code, message, type: 'card_error' })
}

function succeed(desk: Desk, intent: StripeObject): StripeObject {
  const methodId = textAt(intent, 'payment_method') ?? ''
  const { card } = desk.wallet.instrumentOf(methodId)
  if (card?.refusesAttach === true && card.decline !== undefined)
    return decline(desk, intent, card.decline)
  const customer = textAt(intent, 'customer')
  if (customer !== null) desk.wallet.attach(methodId, customer)
  desk.wallet.markSetUp(methodId)
  const change = { last_setup_error: null, status: 'succeeded' }
  const succeeded = put(desk, intent, { change, type: 'succeeded' })
  for (const watcher of desk.watchers) watcher(succeeded)
  return succeeded
}

function confirm(desk: Desk, id: string, input: z.infer<typeof ConfirmInput>): StripeObject {
  const before = awaited(desk, id, 'confirm')
  const methodId =
    input.payment_method_data === undefined
      ? (input.payment_method ?? textAt(before, 'payment_method'))
      : desk.wallet.create(input.payment_method_data).id
  if (methodId === null)
    throw invalidRequest(
      'payment_method',
      "You cannot confirm this SetupIntent because it's missing a payment method.",
      'setup_intent_unexpected_state',
    )
  const method = desk.wallet.usable(methodId)
  const intent = { ...before, payment_method: method.id }
  const { card } = desk.wallet.instrumentOf(method.id)
  if (card === null || !needsAuthentication(card, { offSession: false, setUp: false }))
    return succeed(desk, intent)
  const redirect = {
    url: `${desk.publicUrl()}/3ds/${id}`,
    return_url: input.return_url ?? null,
  }
  const next = { type: 'redirect_to_url', redirect_to_url: redirect }
  const change = { next_action: next, last_setup_error: null, status: 'requires_action' }
  return put(desk, intent, { change, type: 'requires_action' })
}

/** Confirms for a request: a decline is recorded, then answered with 402. */
function confirmed(desk: Desk, id: string, input: z.infer<typeof ConfirmInput>): StripeObject {
  const intent = confirm(desk, id, input)
  const error = recordAt(intent, 'last_setup_error')
  if (textAt(intent, 'status') !== 'requires_payment_method') return intent
  throw cardError({
    code: textAt(error, 'code') ?? 'card_declined',
    decline_code: textAt(error, 'decline_code'),
    message: textAt(error, 'message') ?? 'Your card was declined.',
    more: { setup_intent: intent, payment_method: error['payment_method'] ?? null },
  })
}

function create(desk: Desk, input: z.infer<typeof CreateInput>): StripeObject {
  const { customer, payment_method: methodId } = input
  if (customer !== undefined && desk.state.table('customer').get(customer) === undefined)
    throw notFound('customer', customer, 'customer')
  const blank = newSetupIntent(desk.state, input)
  const method = methodId === undefined ? null : desk.wallet.usable(methodId).id
  const status = method === null ? 'requires_payment_method' : 'requires_confirmation'
  const intent = { ...blank, payment_method: method, status }
  desk.intents.put(intent)
  desk.state.emit('setup_intent.created', intent)
  if (input.confirm !== true) return intent
  const { payment_method_data: data, return_url: back } = input
  return confirmed(desk, intent.id, {
    ...(data === undefined ? {} : { payment_method_data: data }),
    ...(back === undefined ? {} : { return_url: back }),
  })
}

function update(
  desk: Desk,
  before: StripeObject,
  input: z.infer<typeof UpdateInput>,
): StripeObject {
  const { metadata: change, payment_method: methodId, ...fields } = input
  const chosen =
    methodId === undefined
      ? {}
      : { payment_method: desk.wallet.usable(methodId).id, status: 'requires_confirmation' }
  const after = {
    ...before,
    ...given(fields),
    ...chosen,
    metadata: mergedMetadata(recordAt(before, 'metadata'), change),
  }
  desk.intents.put(after)
  return after
}

function openingRoutes(desk: Desk): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/setup_intents',
      handle: ({ input }) => create(desk, parse(CreateInput, input)),
    },
    {
      method: 'GET',
      path: '/v1/setup_intents',
      handle({ input }) {
        const request = parse(ListInput, input)
        const { customer, payment_method: method } = request
        const objects = desk.intents
          .all()
          .filter((found) => customer === undefined || textAt(found, 'customer') === customer)
          .filter((found) => method === undefined || textAt(found, 'payment_method') === method)
        return paginate({ objects, request, url: '/v1/setup_intents' })
      },
    },
    {
      method: 'GET',
      path: '/v1/setup_intents/:id',
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
      path: '/v1/setup_intents/:id',
      handle: ({ param, input }) =>
        update(desk, awaited(desk, param('id'), 'update'), parse(UpdateInput, input)),
    },
    {
      method: 'POST',
      path: '/v1/setup_intents/:id/confirm',
      client: true,
      handle({ param, input, byClient }) {
        const request = parse(ConfirmInput, input)
        const intent = intentOf(desk, param('id'))
        checkSecret(intent, { byClient, secret: request.client_secret })
        return confirmed(desk, intent.id, request)
      },
    },
    {
      method: 'POST',
      path: '/v1/setup_intents/:id/cancel',
      handle({ param, input }) {
        const { cancellation_reason: reason = null } = parse(CancelInput, input)
        const change = { cancellation_reason: reason, status: 'canceled' }
        return put(desk, awaited(desk, param('id'), 'cancel'), { change, type: 'canceled' })
      },
    },
  ]
}

export function createSetupIntents(state: SandboxState, ports: SetupPorts) {
  const desk: Desk = { ...ports, state, intents: state.table('setup_intent'), watchers: [] }
  const authentication: PaymentAuthentication = {
    complete: (id) => succeed(desk, awaited(desk, id, 'authenticate')),
    fail: (id) =>
      fail(desk, awaited(desk, id, 'authenticate'), {
        code: 'setup_intent_authentication_failure',
        message:
          'The provided PaymentMethod has failed authentication. You can provide a new PaymentMethod to attempt to fulfill this SetupIntent again.',
        type: 'invalid_request_error',
      }),
  }

  const part: Part = { routes: [...openingRoutes(desk), ...changingRoutes(desk)] }

  /** What billing does with setup intents. All calls belong inside a unit of work. */
  const setups = {
    /** For a card that is to be charged later, without the customer. */
    create: (customer: string): StripeObject => create(desk, { customer, usage: 'off_session' }),
    /** A decline is on the intent that it returns, as `last_setup_error`. */
    confirm: (id: string, method: string, returnUrl: string): StripeObject =>
      confirm(desk, id, { payment_method: method, return_url: returnUrl }),
    /** Called, inside the unit, for each intent that succeeds. */
    onSucceeded: (watcher: (intent: StripeObject) => void): void => {
      desk.watchers.push(watcher)
    },
  }

  return { part, authentication, setups }
}

export type Setups = ReturnType<typeof createSetupIntents>['setups']
