import { z } from 'zod'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { listParameters } from '../api/lists.ts'
import { flag, metadata, metadataOrUnset, text } from '../api/parameters.ts'
import { PaymentMethodData } from '../customers/payment-methods.ts'

// What requests about setup intents may carry, and the intent as the API first shows it.

const usage = z.enum(['off_session', 'on_session'])
const confirmation = {
  payment_method: text.optional(),
  payment_method_data: PaymentMethodData.optional(),
  return_url: text.optional(),
  payment_method_options: z.looseObject({}).optional(),
  mandate_data: z.looseObject({}).optional(),
  use_stripe_sdk: flag.optional(),
}
const described = {
  customer: text.optional(),
  description: text.optional(),
  payment_method_types: z.array(text).optional(),
}
export const CreateInput = z.strictObject({
  ...confirmation,
  ...described,
  usage: usage.optional(),
  metadata: metadata.optional(),
  confirm: flag.optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
})
export const UpdateInput = z.strictObject({
  ...described,
  payment_method: text.optional(),
  metadata: metadataOrUnset.optional(),
})
export const ConfirmInput = z.strictObject({ ...confirmation, client_secret: text.optional() })
export const RetrieveInput = z.strictObject({ client_secret: text.optional() })
export const CancelInput = z.strictObject({
  cancellation_reason: z.enum(['abandoned', 'duplicate', 'requested_by_customer']).optional(),
})
export const ListInput = z.strictObject({
  ...listParameters,
  customer: text.optional(),
  payment_method: text.optional(),
})

/** Nothing is stored yet. */
export function newSetupIntent(
  state: SandboxState,
  input: z.infer<typeof CreateInput>,
): StripeObject {
  const id = state.newId('seti')
  const automatic = input.automatic_payment_methods
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods:
      automatic === undefined
        ? null
        : { allow_redirects: automatic.allow_redirects ?? 'always', enabled: automatic.enabled },
    cancellation_reason: null,
    client_secret: `${id}_secret_${state.newId('s').slice(2)}`,
    created: state.now(),
    customer: input.customer ?? null,
    customer_account: null,
    description: input.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: input.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { mandate_options: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: input.payment_method_types ?? ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: input.usage ?? 'off_session',
  }
}
