import { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import { given, numberAt, previousAttributes, recordAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { notFound } from '../api/failure.ts'
import { listOf, listParameters, paginate } from '../api/lists.ts'
import { mergedMetadata, metadataOrUnset, parse, text } from '../api/parameters.ts'
import type { Part } from '../api/parts.ts'
import type { Decline, TestCard } from '../customers/cards.ts'
import { bookMovement, chargeFee } from './balance.ts'

export interface PresentedMethod {
  readonly intent: StripeObject
  readonly method: StripeObject
  readonly card: TestCard | null
}

function outcomeOf(decline: Decline | null, card: TestCard | null): JsonObject {
  const risk = card?.riskLevel ?? 'normal'
  const base = { risk_level: risk, risk_score: { normal: 32, elevated: 67, highest: 92 }[risk] }
  if (decline === null)
    return {
      ...base,
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      seller_message: 'Payment complete.',
      type: 'authorized',
    }
  const blocked = decline.by === 'radar'
  return {
    ...base,
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: blocked ? 'not_sent_to_network' : 'declined_by_network',
    reason: decline.decline_code,
    seller_message: blocked
      ? 'Stripe blocked this payment as too risky.'
      : `The bank returned the decline code \`${decline.decline_code}\`.`,
    type: blocked ? 'blocked' : 'issuer_declined',
  }
}

function methodDetails(method: StripeObject): JsonObject {
  const type = textAt(method, 'type') ?? 'card'
  return { type, [type]: { ...recordAt(method, type) } }
}

function newCharge(state: SandboxState, { intent, method, card }: PresentedMethod): StripeObject {
  const amount = numberAt(intent, 'amount') ?? 0
  return {
    id: state.newId('ch'),
    object: 'charge',
    amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: recordAt(method, 'billing_details'),
    calculated_statement_descriptor: 'SANDBOX',
    captured: false,
    created: state.now(),
    currency: textAt(intent, 'currency') ?? 'usd',
    customer: textAt(intent, 'customer'),
    description: textAt(intent, 'description'),
    destination: null,
    dispute: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: recordAt(intent, 'metadata'),
    on_behalf_of: null,
    order: null,
    outcome: outcomeOf(null, card),
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(method),
    receipt_email: textAt(intent, 'receipt_email'),
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  }
}

/** Charges as the bank's answers make them. All calls belong inside a unit of work. */
export function createCharges(state: SandboxState) {
  const table = state.table('charge')

  function put(charge: StripeObject, type: string, previous?: JsonObject): StripeObject {
    table.put(charge)
    state.emit(type, charge, previous)
    return charge
  }

  function paid(charge: StripeObject): StripeObject {
    const amount = numberAt(charge, 'amount') ?? 0
    const transaction = bookMovement(state, {
      amount,
      fee: chargeFee(amount),
      currency: textAt(charge, 'currency') ?? 'usd',
      type: textAt(charge, 'payment_method_details.type') === 'card' ? 'charge' : 'payment',
      category: 'charge',
      source: charge.id,
    })
    return {
      ...charge,
      amount_captured: amount,
      balance_transaction: transaction.id,
      captured: true,
      paid: true,
      status: 'succeeded',
    }
  }

  function failed(charge: StripeObject, decline: Decline, card: TestCard | null): StripeObject {
    return {
      ...charge,
      failure_code: decline.code,
      failure_message: decline.message,
      outcome: outcomeOf(decline, card),
      status: 'failed',
    }
  }

  return {
    succeed: (presented: PresentedMethod) =>
      put(paid(newCharge(state, presented)), 'charge.succeeded'),
    fail: (presented: PresentedMethod, decline: Decline) =>
      put(failed(newCharge(state, presented), decline, presented.card), 'charge.failed'),
    begin: (presented: PresentedMethod) => put(newCharge(state, presented), 'charge.pending'),
    /** Ends a pending charge: with the decline, or paid if there is none. */
    end(id: string, decline: Decline | null): StripeObject | undefined {
      const charge = table.get(id)
      if (charge === undefined) return undefined
      return decline === null
        ? put(paid(charge), 'charge.succeeded')
        : put(failed(charge, decline, null), 'charge.failed')
    },
  }
}

export type Charges = ReturnType<typeof createCharges>

const ListInput = z.strictObject({
  ...listParameters,
  customer: text.optional(),
  payment_intent: text.optional(),
})
const UpdateInput = z.strictObject({
  metadata: metadataOrUnset.optional(),
  description: text.optional(),
  receipt_email: text.optional(),
})

export function createChargeRoutes(state: SandboxState): Part {
  const table = state.table('charge')

  function chargeOf(id: string): StripeObject {
    const charge = table.get(id)
    if (charge === undefined) throw notFound('charge', id)
    return charge
  }

  return {
    includable: {
      charge: {
        refunds: (charge) => {
          const refunds = state.table('refund').where('charge', charge.id).toReversed()
          return listOf(refunds, false, `/v1/charges/${charge.id}/refunds`)
        },
      },
    },
    routes: [
      {
        method: 'GET',
        path: '/v1/charges',
        handle({ input }) {
          const request = parse(ListInput, input)
          const { customer, payment_intent: intent } = request
          const found =
            intent !== undefined
              ? table.where('payment_intent', intent)
              : customer !== undefined
                ? table.where('customer', customer)
                : table.all()
          const objects = found.filter(
            (charge) => customer === undefined || textAt(charge, 'customer') === customer,
          )
          return paginate({ objects, request, url: '/v1/charges' })
        },
      },
      { method: 'GET', path: '/v1/charges/:id', handle: ({ param }) => chargeOf(param('id')) },
      {
        method: 'POST',
        path: '/v1/charges/:id',
        handle({ param, input }) {
          const before = chargeOf(param('id'))
          const { metadata, ...fields } = parse(UpdateInput, input)
          const after = {
            ...before,
            ...given(fields),
            metadata: mergedMetadata(recordAt(before, 'metadata'), metadata),
          }
          table.put(after)
          state.emit('charge.updated', after, previousAttributes(before, after))
          return after
        },
      },
    ],
  }
}
