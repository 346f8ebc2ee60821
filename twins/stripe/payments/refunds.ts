import { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import { flagAt, numberAt, previousAttributes, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { invalidRequest, notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import {
  amount,
  mergedMetadata,
  metadata,
  metadataOrUnset,
  parse,
  text,
} from '../api/parameters.ts'
import type { Part, Route } from '../api/parts.ts'
import type { Wallet } from '../customers/payment-methods.ts'
import { bookMovement } from './balance.ts'

/** After this a pending refund has succeeded, and a refund to a failing card has come back. */
export const refundSeconds = 24 * 3600

const CreateInput = z.strictObject({
  charge: text.optional(),
  payment_intent: text.optional(),
  amount: amount.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.optional(),
})
const UpdateInput = z.strictObject({ metadata: metadataOrUnset.optional() })
const ListInput = z.strictObject({
  ...listParameters,
  charge: text.optional(),
  payment_intent: text.optional(),
})
interface Desk {
  readonly state: SandboxState
  readonly wallet: Wallet
  readonly refunds: Table
  readonly charges: Table
}

function refundOf(desk: Desk, id: string): StripeObject {
  const refund = desk.refunds.get(id)
  if (refund === undefined) throw notFound('refund', id)
  return refund
}

function chargeOf(desk: Desk, input: z.infer<typeof CreateInput>): StripeObject {
  if (input.charge !== undefined) {
    const charge = desk.charges.get(input.charge)
    if (charge === undefined) throw notFound('charge', input.charge, 'charge')
    return charge
  }
  const intentId = input.payment_intent
  if (intentId === undefined)
    throw invalidRequest(
      'charge',
      'One of the following params should be provided: payment_intent or charge.',
    )
  const intent = desk.state.table('payment_intent').get(intentId)
  if (intent === undefined) throw notFound('payment_intent', intentId, 'payment_intent')
  const charge = desk.charges.get(textAt(intent, 'latest_charge') ?? '')
  if (charge === undefined || textAt(intent, 'status') !== 'succeeded')
    throw invalidRequest(
      'payment_intent',
      `This PaymentIntent (${intentId}) does not have a successful charge to refund.`,
    )
  return charge
}

function refundable(desk: Desk, charge: StripeObject, asked: number | undefined): number {
  if (!flagAt(charge, 'paid'))
    throw invalidRequest(
      'charge',
      `Charge ${charge.id} has not been paid.`,
      'charge_not_refundable',
    )
  if (
    desk.state
      .table('dispute')
      .where('charge', charge.id)
      .some((found) => !refundAllowed(found))
  )
    throw invalidRequest(
      'charge',
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      'charge_disputed',
    )
  const left = (numberAt(charge, 'amount') ?? 0) - (numberAt(charge, 'amount_refunded') ?? 0)
  if (left === 0)
    throw invalidRequest(
      'charge',
      `Charge ${charge.id} has already been refunded.`,
      'charge_already_refunded',
    )
  const wanted = asked ?? left
  if (wanted > left || wanted === 0)
    throw invalidRequest(
      'amount',
      `Refund amount (${wanted}) is not between 1 and the unrefunded amount on charge (${left}).`,
    )
  return wanted
}

/** Books what came back to the card, or returned from it (negative), on the charge. */
function bookOnCharge(
  desk: Desk,
  id: string,
  { refunded, type }: { refunded: number; type: string },
): void {
  const before = desk.charges.get(id)
  if (before === undefined) return
  const total = (numberAt(before, 'amount_refunded') ?? 0) + refunded
  const after = {
    ...before,
    amount_refunded: total,
    refunded: total === numberAt(before, 'amount'),
  }
  desk.charges.put(after)
  desk.state.emit(type, after, previousAttributes(before, after))
}

interface RefundFacts {
  readonly id: string
  readonly amount: number
  readonly rule: 'pending' | 'fails' | undefined
  readonly transaction: string
  readonly input: z.infer<typeof CreateInput>
}

function blankRefund(
  state: SandboxState,
  charge: StripeObject,
  { id, amount, rule, transaction, input }: RefundFacts,
): StripeObject {
  return {
    id,
    object: 'refund',
    amount,
    balance_transaction: transaction,
    charge: charge.id,
    created: state.now(),
    currency: textAt(charge, 'currency') ?? 'usd',
    customer: textAt(charge, 'customer'),
    customer_account: null,
    destination_details: {
      card: {
        reference_status: 'pending',
        reference_type: 'acquirer_reference_number',
        type: 'refund',
      },
      type: 'card',
    },
    livemode: false,
    metadata: input.metadata ?? {},
    payment_intent: textAt(charge, 'payment_intent'),
    payment_method: textAt(charge, 'payment_method'),
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: rule === 'pending' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  }
}

function create(desk: Desk, input: z.infer<typeof CreateInput>): StripeObject {
  const charge = chargeOf(desk, input)
  const sum = refundable(desk, charge, input.amount)
  const rule = desk.wallet.instrumentOf(textAt(charge, 'payment_method') ?? '').card?.refund
  const currency = textAt(charge, 'currency') ?? 'usd'
  const id = desk.state.newId('re')
  const transaction = bookMovement(desk.state, {
    amount: -sum,
    fee: 0,
    currency,
    type: 'refund',
    category: 'refund',
    source: id,
  })
  const refund = blankRefund(desk.state, charge, {
    id,
    amount: sum,
    rule,
    input,
    transaction: transaction.id,
  })
  desk.refunds.put(refund)
  desk.state.emit('refund.created', refund)
  bookOnCharge(desk, charge.id, { refunded: sum, type: 'charge.refunded' })
  if (rule !== undefined) desk.state.schedule('refund.turn', id, desk.state.now() + refundSeconds)
  return refund
}

function turn(
  desk: Desk,
  before: StripeObject,
  { change, type }: { change: JsonObject; type: string },
): void {
  const after: StripeObject = { ...before, ...change }
  desk.refunds.put(after)
  const previous = previousAttributes(before, after)
  desk.state.emit(type, after, previous)
  if (type !== 'refund.updated') desk.state.emit('refund.updated', after, previous)
  desk.state.emit('charge.refund.updated', after, previous)
}

function fail(desk: Desk, refund: StripeObject): void {
  const sum = numberAt(refund, 'amount') ?? 0
  const transaction = bookMovement(desk.state, {
    amount: sum,
    fee: 0,
    currency: textAt(refund, 'currency') ?? 'usd',
    type: 'refund_failure',
    category: 'refund_failure',
    source: refund.id,
  })
  const change = {
    failure_balance_transaction: transaction.id,
    failure_reason: 'unknown',
    status: 'failed',
  }
  turn(desk, refund, { change, type: 'refund.failed' })
  bookOnCharge(desk, textAt(refund, 'charge') ?? '', { refunded: -sum, type: 'charge.updated' })
}

function routes(desk: Desk): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/refunds',
      handle: ({ input }) => create(desk, parse(CreateInput, input)),
    },
    {
      method: 'GET',
      path: '/v1/refunds',
      handle({ input }) {
        const request = parse(ListInput, input)
        const { charge, payment_intent: intent } = request
        const objects = desk.refunds
          .all()
          .filter((found) => charge === undefined || textAt(found, 'charge') === charge)
          .filter((found) => intent === undefined || textAt(found, 'payment_intent') === intent)
        return paginate({ objects, request, url: '/v1/refunds' })
      },
    },
    { method: 'GET', path: '/v1/refunds/:id', handle: ({ param }) => refundOf(desk, param('id')) },
    {
      method: 'POST',
      path: '/v1/refunds/:id',
      handle({ param, input }) {
        const before = refundOf(desk, param('id'))
        const { metadata: change } = parse(UpdateInput, input)
        const after = {
          ...before,
          metadata: mergedMetadata(recordAt(before, 'metadata'), change),
        }
        desk.refunds.put(after)
        desk.state.emit('refund.updated', after, previousAttributes(before, after))
        return after
      },
    },
  ]
}

/** Refunds, and what becomes of them at the card's bank. */
export function createRefunds(state: SandboxState, wallet: Wallet): Part {
  const desk: Desk = {
    state,
    wallet,
    refunds: state.table('refund'),
    charges: state.table('charge'),
  }

  state.onJob('refund.turn', (id) => {
    const refund = desk.refunds.get(id)
    if (refund === undefined) return
    if (textAt(refund, 'status') === 'pending')
      turn(desk, refund, { change: { status: 'succeeded' }, type: 'refund.updated' })
    else fail(desk, refund)
  })

  return { routes: routes(desk) }
}

/** An inquiry has moved no money yet, and a dispute that was won gave it back. */
function refundAllowed(dispute: StripeObject): boolean {
  const status = textAt(dispute, 'status') ?? ''
  return status.startsWith('warning_') || status === 'won'
}
