import { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import {
  flagAt,
  listAt,
  numberAt,
  previousAttributes,
  recordAt,
  textAt,
} from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { Ground } from '../../kernel/state.ts'
import { invalidRequest, notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import { flag, mergedMetadata, metadataOrUnset, parse, text } from '../api/parameters.ts'
import type { Part, Route } from '../api/parts.ts'
import type { Aftermath } from '../customers/cards.ts'
import type { Wallet } from '../customers/payment-methods.ts'
import { bookMovement, disputeFee } from './balance.ts'
import { blankDispute, evidenceFields, type Dispute } from './dispute-object.ts'

/** From the charge to its dispute. Stripe's test cards take seconds; a bank takes weeks. */
export const disputeAfterSeconds = 60
/** From evidence to the bank's word, where the evidence decides. */
export const decideAfterSeconds = 60
/** A week to answer. */
const answerSeconds = 7 * 24 * 3600

const UpdateInput = z.strictObject({
  evidence: z.partialRecord(z.enum(evidenceFields), z.string()).optional(),
  metadata: metadataOrUnset.optional(),
  submit: flag.optional(),
})
const ListInput = z.strictObject({
  ...listParameters,
  charge: text.optional(),
  payment_intent: text.optional(),
})

const unanswered = new Set(['needs_response', 'warning_needs_response'])

const isInquiry = (dispute: StripeObject) =>
  (textAt(dispute, 'status') ?? '').startsWith('warning_')
interface Desk {
  readonly state: Ground
  readonly wallet: Wallet
  readonly disputes: Table
  readonly charges: Table
  readonly warnings: Table
}

function disputeOf(desk: Desk, id: string): StripeObject {
  const dispute = desk.disputes.get(id)
  if (dispute === undefined) throw notFound('dispute', id)
  return dispute
}

function aftermathOf(desk: Desk, charge: StripeObject): Aftermath | null {
  return desk.wallet.instrumentOf(textAt(charge, 'payment_method') ?? '').card?.aftermath ?? null
}

function warn(desk: Desk, charge: StripeObject): void {
  const warning: StripeObject = {
    id: desk.state.newId('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: charge.id,
    created: desk.state.now(),
    fraud_type: 'made_with_lost_card',
    livemode: false,
    payment_intent: textAt(charge, 'payment_intent'),
  }
  desk.warnings.put(warning)
  desk.state.emit('radar.early_fraud_warning.created', warning)
}

function open(desk: Desk, charge: StripeObject, aftermath: Dispute): void {
  const inquiry = aftermath === 'inquiry'
  const already = desk.disputes.where('charge', charge.id).length > 0
  const left = (numberAt(charge, 'amount') ?? 0) - (numberAt(charge, 'amount_refunded') ?? 0)
  const due = desk.state.now() + answerSeconds
  const amount = aftermath === 'two_disputes' ? Math.floor((left + (already ? 1 : 0)) / 2) : left
  const fresh = blankDispute(desk.state, charge, { amount, aftermath, due })
  const dispute = inquiry ? fresh : move(desk, fresh, 'withdrawn')
  desk.disputes.put(dispute)
  const disputed = { ...charge, dispute: dispute.id, disputed: true }
  desk.charges.put(disputed)
  desk.state.emit('charge.dispute.created', dispute)
  if (!inquiry) desk.state.emit('charge.dispute.funds_withdrawn', dispute)
  desk.state.emit('charge.updated', disputed, previousAttributes(charge, disputed))
  desk.state.schedule('dispute.due', dispute.id, due)
}

/** Books the money that the bank took, or gave back. */
function move(desk: Desk, dispute: StripeObject, how: 'withdrawn' | 'reinstated'): StripeObject {
  const amount = numberAt(dispute, 'amount') ?? 0
  const transaction = bookMovement(desk.state, {
    amount: how === 'withdrawn' ? -amount : amount,
    fee: how === 'withdrawn' ? disputeFee : 0,
    currency: textAt(dispute, 'currency') ?? 'usd',
    type: 'adjustment',
    category: how === 'withdrawn' ? 'dispute' : 'dispute_reversal',
    source: dispute.id,
  })
  const booked = [...listAt(dispute, 'balance_transactions'), transaction]
  return { ...dispute, balance_transactions: booked }
}

function close(desk: Desk, before: StripeObject, status: 'won' | 'lost'): StripeObject {
  const inquiry = isInquiry(before)
  const paidBack = !inquiry && status === 'won' ? move(desk, before, 'reinstated') : before
  const after = {
    ...paidBack,
    is_charge_refundable: inquiry || status === 'won',
    status: inquiry ? 'warning_closed' : status,
  }
  desk.disputes.put(after)
  desk.state.unschedule('dispute.due', before.id)
  desk.state.unschedule('dispute.decide', before.id)
  desk.state.emit('charge.dispute.closed', after, previousAttributes(before, after))
  if (paidBack !== before) desk.state.emit('charge.dispute.funds_reinstated', after)
  return after
}

function stillOpen(desk: Desk, id: string): StripeObject {
  const dispute = disputeOf(desk, id)
  const status = textAt(dispute, 'status') ?? ''
  if (['won', 'lost', 'warning_closed'].includes(status))
    throw invalidRequest(null, `This dispute is already closed with a status of ${status}.`)
  return dispute
}

function submitted(desk: Desk, dispute: StripeObject): JsonObject {
  desk.state.schedule('dispute.decide', dispute.id, desk.state.now() + decideAfterSeconds)
  const details = recordAt(dispute, 'evidence_details')
  const count = numberAt(details, 'submission_count') ?? 0
  return {
    evidence_details: { ...details, has_evidence: true, submission_count: count + 1 },
    status: isInquiry(dispute) ? 'warning_under_review' : 'under_review',
  }
}

function update(
  desk: Desk,
  before: StripeObject,
  input: z.infer<typeof UpdateInput>,
): StripeObject {
  const evidence = { ...recordAt(before, 'evidence'), ...input.evidence }
  const changed: StripeObject = {
    ...before,
    evidence,
    evidence_details: {
      ...recordAt(before, 'evidence_details'),
      has_evidence: input.evidence !== undefined || flagAt(before, 'evidence_details.has_evidence'),
    },
    metadata: mergedMetadata(recordAt(before, 'metadata'), input.metadata),
  }
  const sends = input.evidence !== undefined && input.submit !== false
  const after = sends ? { ...changed, ...submitted(desk, changed) } : changed
  desk.disputes.put(after)
  desk.state.emit('charge.dispute.updated', after, previousAttributes(before, after))
  return after
}

function routes(desk: Desk): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/disputes',
      handle({ input }) {
        const request = parse(ListInput, input)
        const { charge, payment_intent: intent } = request
        const objects = desk.disputes
          .all()
          .filter((found) => charge === undefined || textAt(found, 'charge') === charge)
          .filter((found) => intent === undefined || textAt(found, 'payment_intent') === intent)
        return paginate({ objects, request, url: '/v1/disputes' })
      },
    },
    {
      method: 'GET',
      path: '/v1/disputes/:id',
      handle: ({ param }) => disputeOf(desk, param('id')),
    },
    {
      method: 'POST',
      path: '/v1/disputes/:id',
      handle: ({ param, input }) =>
        update(desk, stillOpen(desk, param('id')), parse(UpdateInput, input)),
    },
    {
      method: 'POST',
      path: '/v1/disputes/:id/close',
      handle: ({ param }) => close(desk, stillOpen(desk, param('id')), 'lost'),
    },
    {
      method: 'GET',
      path: '/v1/radar/early_fraud_warnings',
      handle({ input }) {
        const request = parse(ListInput, input)
        const { charge } = request
        const objects =
          charge === undefined ? desk.warnings.all() : desk.warnings.where('charge', charge)
        return paginate({ objects, request, url: '/v1/radar/early_fraud_warnings' })
      },
    },
  ]
}

/** Disputes and early fraud warnings: what the holders' banks do after a charge. */
export function createDisputes(state: Ground, wallet: Wallet): Part {
  const desk: Desk = {
    state,
    wallet,
    disputes: state.table('dispute'),
    charges: state.table('charge'),
    warnings: state.table('radar.early_fraud_warning'),
  }
  const { charges, disputes } = desk

  state.onEvent((event) => {
    if (textAt(event, 'type') !== 'charge.succeeded') return
    const charge = charges.get(textAt(event, 'data.object.id') ?? '')
    if (charge === undefined || aftermathOf(desk, charge) === null) return
    state.schedule('dispute.open', charge.id, state.now() + disputeAfterSeconds)
  })

  state.onJob('dispute.open', (chargeId) => {
    const charge = charges.get(chargeId)
    const aftermath = charge === undefined ? null : aftermathOf(desk, charge)
    if (charge === undefined || aftermath === null) return
    if (aftermath === 'early_fraud_warning') return warn(desk, charge)
    open(desk, charge, aftermath)
    if (aftermath === 'two_disputes') open(desk, charge, aftermath)
  })

  state.onJob('dispute.due', (id) => {
    const dispute = disputes.get(id)
    if (dispute !== undefined && unanswered.has(textAt(dispute, 'status') ?? ''))
      close(desk, dispute, 'lost')
  })

  state.onJob('dispute.decide', (id) => {
    const dispute = disputes.get(id)
    const word = dispute === undefined ? null : textAt(dispute, 'evidence.uncategorized_text')
    if (dispute === undefined) return
    if (word === 'winning_evidence') close(desk, dispute, 'won')
    if (word === 'losing_evidence') close(desk, dispute, 'lost')
  })

  return { routes: routes(desk) }
}
