import type { JsonObject } from '../../../values/json.ts'
import { textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest, notFound, StripeFailure } from '../api/failure.ts'
import {
  debitSeconds,
  type Decline,
  declines,
  isHardDecline,
  needsAuthentication,
} from '../customers/cards.ts'
import type { Wallet } from '../customers/payment-methods.ts'
import type { Charges, PresentedMethod } from './charges.ts'
import { newIntent, resultOf } from './payment-intent-object.ts'
import type {
  Confirmation,
  PaymentResult,
  Payments,
  Settlement,
  NewPaymentIntent,
} from './payments.ts'

export interface PaymentPorts {
  readonly wallet: Wallet
  readonly charges: Charges
  /** Where the twin's pages are reached, without a slash at the end. */
  readonly publicUrl: () => string
}

/** What the 3-D Secure page does. */
export interface PaymentAuthentication {
  complete(id: string): StripeObject
  fail(id: string): StripeObject
}

const failedAuthentication = {
  code: 'payment_intent_authentication_failure',
  message:
    'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
}

function unexpectedState(intent: StripeObject, verb: string): StripeFailure {
  const status = textAt(intent, 'status') ?? ''
  return new StripeFailure(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message: `You cannot ${verb} this PaymentIntent because it has a status of ${status}.`,
    more: { payment_intent: intent },
  })
}

const confirmable = new Set(['requires_payment_method', 'requires_confirmation', 'requires_action'])
const ended = new Set(['succeeded', 'canceled', 'processing'])

/** Payment intents and what the simulated bank answers them. */
interface Desk extends PaymentPorts {
  readonly state: SandboxState
  readonly intents: Table
  readonly handlers: ((intent: StripeObject, settlement: Settlement) => void)[]
}

interface Turn {
  readonly change: JsonObject
  readonly settlement: Settlement
}

interface Refusal {
  /** The failed charge. */
  readonly charge: string
  readonly decline: Decline
}

function intentOf(desk: Desk, id: string): StripeObject {
  const intent = desk.intents.get(id)
  if (intent === undefined) throw notFound('payment_intent', id, 'intent')
  return intent
}

function settle(desk: Desk, before: StripeObject, { change, settlement }: Turn): StripeObject {
  const intent: StripeObject = { ...before, next_action: null, ...change }
  const type = settlement === 'declined' ? 'payment_failed' : settlement
  desk.intents.put(intent)
  desk.state.emit(`payment_intent.${type}`, intent)
  for (const handler of desk.handlers) handler(intent, settlement)
  return intentOf(desk, intent.id)
}

function presentedOf(desk: Desk, intent: StripeObject): PresentedMethod {
  const method = desk.wallet.resolve(textAt(intent, 'payment_method') ?? '')
  return { intent, method, card: desk.wallet.instrumentOf(method.id).card }
}

function declined(desk: Desk, presented: PresentedMethod, decline: Decline): StripeObject {
  const charge = desk.charges.fail(presented, decline)
  return refused(desk, presented, { charge: charge.id, decline })
}

function refused(
  desk: Desk,
  { intent, method }: PresentedMethod,
  { charge, decline }: Refusal,
): StripeObject {
  const error = {
    advice_code: null,
    charge,
    code: decline.code,
    decline_code: decline.decline_code,
    doc_url: `https://docs.stripe.com/error-codes/${decline.code.replaceAll('_', '-')}`,
    message: decline.message,
    payment_method: method,
    type: 'card_error',
  }
  const change = {
    last_payment_error: error,
    latest_charge: charge,
    payment_method: null,
    processing: null,
    status: 'requires_payment_method',
  }
  return settle(desk, intent, { change: change, settlement: 'declined' })
}

function keepMethod(desk: Desk, { intent, method }: PresentedMethod): void {
  const customer = textAt(intent, 'customer')
  const usage = textAt(intent, 'setup_future_usage')
  if (usage === null || customer === null) return
  if (desk.wallet.instrumentOf(method.id).detached) return
  desk.wallet.attach(method.id, customer)
  if (usage === 'off_session') desk.wallet.markSetUp(method.id)
}

function succeeded(desk: Desk, presented: PresentedMethod, chargeId: string): StripeObject {
  keepMethod(desk, presented)
  const { intent } = presented
  const change = {
    amount_received: intent['amount'] ?? 0,
    last_payment_error: null,
    latest_charge: chargeId,
    processing: null,
    status: 'succeeded',
  }
  return settle(desk, intent, { change: change, settlement: 'succeeded' })
}

function debit(desk: Desk, presented: PresentedMethod): StripeObject {
  const charge = desk.charges.begin(presented)
  const { intent } = presented
  desk.state.schedule('payment.debit', intent.id, desk.state.now() + debitSeconds)
  const change = { last_payment_error: null, latest_charge: charge.id, status: 'processing' }
  return settle(desk, intent, { change: change, settlement: 'processing' })
}

/** Asks the bank, the holder having done all that was asked of them. */
function charge(desk: Desk, presented: PresentedMethod): StripeObject {
  if (desk.wallet.instrumentOf(presented.method.id).bank !== null) return debit(desk, presented)
  const decline = presented.card?.decline
  if (decline !== undefined) return declined(desk, presented, decline)
  return succeeded(desk, presented, desk.charges.succeed(presented).id)
}

function waitForHolder(
  desk: Desk,
  { intent }: PresentedMethod,
  returnUrl: string | null,
): StripeObject {
  const url = `${desk.publicUrl()}/3ds/${intent.id}`
  const change = {
    last_payment_error: null,
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: { url, return_url: returnUrl },
    },
    status: 'requires_action',
  }
  return settle(desk, intent, { change: change, settlement: 'requires_action' })
}

function present(desk: Desk, id: string, { payment_method }: Confirmation): PresentedMethod {
  const intent = intentOf(desk, id)
  if (!confirmable.has(textAt(intent, 'status') ?? '')) throw unexpectedState(intent, 'confirm')
  const methodId = payment_method ?? textAt(intent, 'payment_method')
  if (methodId === null)
    throw invalidRequest(
      'payment_method',
      "You cannot confirm this PaymentIntent because it's missing a payment method. Update the PaymentIntent with a payment method and then confirm it again.",
      'payment_intent_unexpected_state',
    )
  const method = desk.wallet.resolve(methodId)
  const [owner, payer] = [textAt(method, 'customer'), textAt(intent, 'customer')]
  if (owner !== null && owner !== payer)
    throw invalidRequest(
      'payment_method',
      'The payment method belongs to a customer. Provide that customer in the request to use it.',
    )
  return {
    intent: { ...intent, payment_method: method.id },
    method,
    card: desk.wallet.instrumentOf(method.id).card,
  }
}

function confirm(desk: Desk, id: string, confirmation: Confirmation): PaymentResult {
  const presented = present(desk, id, confirmation)
  const { setUp } = desk.wallet.instrumentOf(presented.method.id)
  const offSession = confirmation.off_session
  const { card } = presented
  if (card === null || !needsAuthentication(card, { offSession, setUp }))
    return resultOf(charge(desk, presented))
  if (offSession && confirmation.authentication === 'fail')
    return resultOf(declined(desk, presented, declines.authentication))
  return resultOf(waitForHolder(desk, presented, confirmation.return_url ?? null))
}

function awaited(desk: Desk, id: string): StripeObject {
  const intent = intentOf(desk, id)
  if (textAt(intent, 'status') !== 'requires_action') throw unexpectedState(intent, 'authenticate')
  return intent
}

/** A bank debit has been `processing` for its days, and the bank answers. */
function endDebit(desk: Desk, id: string): void {
  const intent = desk.intents.get(id)
  if (intent === undefined || textAt(intent, 'status') !== 'processing') return
  const presented = presentedOf(desk, intent)
  const failure = desk.wallet.instrumentOf(presented.method.id).bank?.failure ?? null
  const chargeId = textAt(intent, 'latest_charge') ?? ''
  desk.charges.end(chargeId, failure)
  if (failure === null) succeeded(desk, presented, chargeId)
  else refused(desk, presented, { charge: chargeId, decline: failure })
}

function failAuthentication(desk: Desk, id: string): StripeObject {
  const intent = awaited(desk, id)
  const { method } = presentedOf(desk, intent)
  const change = {
    last_payment_error: {
      ...failedAuthentication,
      doc_url: 'https://docs.stripe.com/error-codes/payment-intent-authentication-failure',
      payment_method: method,
      type: 'invalid_request_error',
    },
    payment_method: null,
    status: 'requires_payment_method',
  }
  return settle(desk, intent, { change: change, settlement: 'declined' })
}

function create(desk: Desk, input: NewPaymentIntent): StripeObject {
  const intent = newIntent(desk.state, input)
  desk.intents.put(intent)
  desk.state.emit('payment_intent.created', intent)
  return intent
}

function cancel(desk: Desk, id: string, reason: string | null): StripeObject {
  const intent = intentOf(desk, id)
  if (ended.has(textAt(intent, 'status') ?? '')) throw unexpectedState(intent, 'cancel')
  const change = {
    canceled_at: desk.state.now(),
    cancellation_reason: reason,
    status: 'canceled',
  }
  return settle(desk, intent, { change: change, settlement: 'canceled' })
}

/** Payment intents and what the simulated bank answers them. */
export function createPayments(state: SandboxState, ports: PaymentPorts) {
  const desk: Desk = {
    ...ports,
    state,
    intents: state.table('payment_intent'),
    handlers: [],
  }
  state.onJob('payment.debit', (id) => endDebit(desk, id))

  const authentication: PaymentAuthentication = {
    complete: (id) => charge(desk, presentedOf(desk, awaited(desk, id))),
    fail: (id) => failAuthentication(desk, id),
  }
  const payments: Payments = {
    create: (input) => create(desk, input),
    confirm: (id, confirmation) => confirm(desk, id, confirmation),
    cancel: (id, reason) => cancel(desk, id, reason),
    onSettled: (handler) => {
      desk.handlers.push(handler)
    },
    isHardDecline,
  }
  return { payments, authentication }
}
