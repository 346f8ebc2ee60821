import { z } from 'zod'
import { invalidRequest } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import { mergedMetadata, parse, text } from '../api/parameters.ts'
import type { Route, StripeRequest } from '../api/parts.ts'
import { changeSubscription } from './billing-changes.ts'
import type { Subscription } from './billing-records.ts'
import type { Billing } from './billing.ts'
import { createSubscription } from './subscription-create.ts'
import { settingsOf, strings } from './subscription-object.ts'
import {
  CancelSubscription,
  CreateSubscription,
  UpdateSubscription,
} from './subscription-params.ts'
import { requireMethod } from './subscription-plan.ts'
import { endSubscription, periodEnd, scheduleTurn } from './subscription-status.ts'
import { changeTrial } from './trial-changes.ts'

const path = '/v1/subscriptions'

const ListSubscriptions = z.strictObject({
  ...listParameters,
  customer: text.optional(),
  price: text.optional(),
  status: text.optional(),
  collection_method: text.optional(),
})

/** `/v1/subscriptions`. */
export function subscriptionRoutes(billing: Billing): readonly Route[] {
  const subscription = (request: StripeRequest): Subscription =>
    billing.store.subscriptions.need(request.param('id'))
  return [
    {
      method: 'POST',
      path,
      handle: ({ input }) => createSubscription(billing, parse(CreateSubscription, input)),
    },
    { method: 'GET', path, handle: ({ input }) => list(billing, parse(ListSubscriptions, input)) },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: subscription,
    },
    {
      method: 'POST',
      path: `${path}/:id`,
      handle: (request) =>
        update(billing, subscription(request), parse(UpdateSubscription, request.input)),
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      handle: (request) =>
        cancel(billing, subscription(request), parse(CancelSubscription, request.input)),
    },
  ]
}

/** Without `status`, all but the canceled ones, as Stripe's list does. */
function list({ state }: Billing, input: z.infer<typeof ListSubscriptions>) {
  const { customer, price, status, ...request } = input
  const table = state.table('subscription')
  const found = customer === undefined ? table.all() : table.where('customer', customer)
  const objects = found.filter((object) => {
    if (price !== undefined && !JSON.stringify(object['items']).includes(`"${price}"`)) return false
    if (status === 'all') return true
    if (status === 'ended') return object['ended_at'] !== null
    return status === undefined ? object['status'] !== 'canceled' : object['status'] === status
  })
  return paginate({ objects, request, url: path })
}

function update(
  billing: Billing,
  subscription: Subscription,
  input: z.infer<typeof UpdateSubscription>,
): Subscription {
  refuse(subscription, input)
  requireMethod(billing, subscription.customer, input.default_payment_method)
  const { cancellation_details: told } = subscription
  const { plan, reason } = cancellation(billing, subscription, input)
  const { metadata, payment_settings: settings, ...fields } = input
  const after = changeSubscription(billing, subscription, {
    ...subscription,
    ...plan,
    cancellation_details: { ...told, ...reason, ...defined(fields.cancellation_details ?? {}) },
    default_payment_method: unlessAbsent(
      fields.default_payment_method,
      subscription.default_payment_method,
    ),
    description: unlessAbsent(fields.description, subscription.description),
    metadata: strings(mergedMetadata(subscription.metadata, metadata)),
    payment_settings: {
      ...subscription.payment_settings,
      ...(settings === undefined ? {} : settingsOf(settings)),
    },
    trial_settings: fields.trial_settings ?? subscription.trial_settings,
  })
  if (fields.trial_end !== undefined) return changeTrial(billing, after, fields.trial_end)
  if (after.status !== 'incomplete' && after.ended_at === null) scheduleTurn(billing, after)
  return after
}

function unlessAbsent<T>(value: T | undefined, otherwise: T): T {
  return value === undefined ? otherwise : value
}

/** The fields that were given. */
function defined(fields: Readonly<Record<string, string | null | undefined>>) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** What may be changed at all, and when. */
function refuse(subscription: Subscription, input: z.infer<typeof UpdateSubscription>): void {
  if (input.items !== undefined) {
    throw invalidRequest('items', 'The sandbox does not simulate changes of price or quantity yet.')
  }
  if (input.cancel_at !== undefined && input.cancel_at_period_end !== undefined) {
    throw invalidRequest('cancel_at', 'Pass either cancel_at or cancel_at_period_end, not both.')
  }
  const changed = Object.entries(input).flatMap(([key, value]) => (value === undefined ? [] : key))
  const allowed = editable(subscription)
  const refused = changed.find((key) => allowed !== null && !allowed.includes(key))
  if (refused === undefined) return
  throw invalidRequest(
    refused,
    `You cannot change \`${refused}\` of a subscription that is ${subscription.status}. ` +
      `You may change: ${allowed?.join(', ') ?? ''}.`,
  )
}

/** The fields that may change in this status; null for all. */
function editable({ status }: Subscription): readonly string[] | null {
  if (status === 'canceled' || status === 'incomplete_expired') {
    return ['cancellation_details', 'metadata']
  }
  return status === 'incomplete' ? ['metadata', 'default_payment_method'] : null
}

/** What the request plans, and the reason that goes with it; nothing if it says nothing of it. */
function cancellation(
  billing: Billing,
  subscription: Subscription,
  input: z.infer<typeof UpdateSubscription>,
) {
  const canceled_at = billing.state.now()
  const requested = { reason: 'cancellation_requested' }
  if (input.cancel_at_period_end === true) {
    const cancel_at = periodEnd(subscription)
    return { plan: { cancel_at, cancel_at_period_end: true, canceled_at }, reason: requested }
  }
  if (input.cancel_at_period_end === false || input.cancel_at === '') {
    const none = { cancel_at: null, cancel_at_period_end: false, canceled_at: null }
    return { plan: none, reason: { reason: null } }
  }
  if (input.cancel_at === undefined) return { plan: {}, reason: {} }
  if (input.cancel_at <= canceled_at) {
    throw invalidRequest('cancel_at', 'Invalid timestamp: must be in the future.')
  }
  const { cancel_at } = input
  return { plan: { cancel_at, cancel_at_period_end: false, canceled_at }, reason: requested }
}

function cancel(
  billing: Billing,
  subscription: Subscription,
  input: z.infer<typeof CancelSubscription>,
): Subscription {
  if (subscription.ended_at !== null) {
    throw invalidRequest(
      'id',
      `No active subscription: ${subscription.id} has ended as ${subscription.status}.`,
      'resource_missing',
    )
  }
  return endSubscription(billing, subscription, {
    ...input.cancellation_details,
    reason: 'cancellation_requested',
  })
}
