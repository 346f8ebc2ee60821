import { textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import type { NewPaymentIntent, PaymentOutcome, PaymentResult } from './payments.ts'

/** The intent as the API first shows it; nothing is stored yet. */
export function newIntent(state: SandboxState, input: NewPaymentIntent): StripeObject {
  const id = state.newId('pi')
  const method = input.payment_method ?? null
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: `${id}_secret_${state.newId('s').slice(2)}`,
    confirmation_method: 'automatic',
    created: state.now(),
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    description: input.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: method,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: input.setup_future_usage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: method === null ? 'requires_payment_method' : 'requires_confirmation',
    transfer_data: null,
    transfer_group: null,
  }
}

const outcomes = new Map<string, PaymentOutcome>([
  ['succeeded', 'succeeded'],
  ['requires_action', 'requires_action'],
  ['processing', 'processing'],
])

/** What an intent tells of the confirmation that has just ended. */
export function resultOf(intent: StripeObject): PaymentResult {
  const outcome = outcomes.get(textAt(intent, 'status') ?? '') ?? 'declined'
  const failed = outcome === 'declined'
  return {
    outcome,
    intent,
    code: failed ? textAt(intent, 'last_payment_error.code') : null,
    decline_code: failed ? textAt(intent, 'last_payment_error.decline_code') : null,
  }
}
