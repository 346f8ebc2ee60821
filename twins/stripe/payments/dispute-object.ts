import { textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import type { Aftermath } from '../customers/cards.ts'

export const evidenceFields = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_communication',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'customer_signature',
  'duplicate_charge_documentation',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'receipt',
  'refund_policy',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'service_documentation',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_documentation',
  'shipping_tracking_number',
  'uncategorized_file',
  'uncategorized_text',
] as const

export type Dispute = Exclude<Aftermath, 'early_fraud_warning'>

const reasons: Record<Dispute, string> = {
  fraudulent: 'fraudulent',
  product_not_received: 'product_not_received',
  inquiry: 'fraudulent',
  two_disputes: 'fraudulent',
}

/** The dispute as the bank opens it; nothing is stored or moved yet. */
export function blankDispute(
  state: SandboxState,
  charge: StripeObject,
  { amount, aftermath, due }: { amount: number; aftermath: Dispute; due: number },
): StripeObject {
  const inquiry = aftermath === 'inquiry'
  return {
    id: state.newId('du'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: state.now(),
    currency: textAt(charge, 'currency') ?? 'usd',
    enhanced_eligibility_types: [],
    evidence: {
      ...Object.fromEntries(evidenceFields.map((field) => [field, null])),
      enhanced_evidence: {},
    },
    evidence_details: {
      due_by: due,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: false,
    metadata: {},
    network_reason_code: null,
    payment_intent: textAt(charge, 'payment_intent'),
    payment_method_details: {
      card: {
        brand: textAt(charge, 'payment_method_details.card.brand') ?? 'visa',
        case_type: inquiry ? 'inquiry' : 'chargeback',
        network_reason_code: '10',
      },
      type: 'card',
    },
    reason: reasons[aftermath],
    status: inquiry ? 'warning_needs_response' : 'needs_response',
  }
}
