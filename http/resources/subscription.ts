import { z } from '@hono/zod-openapi'
import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf, regionOf } from '../../actors/decision/read-snapshot.ts'
import { amountOf } from '../../machines/catalog/pricing.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import { idOf } from '../../values/ids.ts'
import { presentNextAction, WireNextAction } from './next-action.ts'
import { presentRejection, WireRejection } from './rejection.ts'
import { WireAmount, WireCurrency, WireInstant } from './wire.ts'

export const WireSubscription = z
  .object({
    id: z.string(),
    object: z.literal('subscription'),
    account: z.string(),
    plan: z.string().nullable(),
    quantity: z.int(),
    amount: WireAmount.nullable().openapi({ description: 'Per period, for the whole quantity.' }),
    currency: WireCurrency.nullable(),
    collection: z.enum(['provider', 'platform']),
    status: z.string().openapi({
      description:
        'incomplete, incomplete_expired, trialing, active, past_due, unpaid, paused or canceled: ' +
        'what the provider confirmed, never what was hoped.',
    }),
    cancellation: z.string().openapi({
      description: 'none, scheduling, scheduled, resuming or ending.',
    }),
    next_action: WireNextAction.nullable(),
    last_rejection: WireRejection.nullable(),
    current_period_start: WireInstant.nullable(),
    current_period_end: WireInstant.nullable(),
    cancel_at: WireInstant.nullable(),
    canceled_at: WireInstant.nullable(),
    ended_at: WireInstant.nullable(),
    trial_end: WireInstant.nullable(),
    latest_invoice: z.string().nullable(),
    created_at: WireInstant.nullable(),
  })
  .openapi('Subscription')
export type WireSubscription = z.infer<typeof WireSubscription>

/** What nothing has confirmed yet is incomplete to whoever asks. */
export function statusOnWire(status: string): string {
  return status === 'unknown' ? 'incomplete' : status
}

/** Null of one that is only heard of: it belongs to no account yet. */
export function presentSubscription(entry: Entry): WireSubscription | null {
  const context = contextOf(entry, SubscriptionContext)
  const { account, terms, quantity, period, observed } = context
  if (account === null) return null
  return {
    id: idOf(entry.actor),
    object: 'subscription',
    account: idOf(account),
    plan: terms?.plan ?? null,
    quantity,
    amount: terms && amountOf(terms, quantity),
    currency: terms?.currency ?? null,
    collection: context.collector,
    status: statusOnWire(regionOf(entry, 'status')),
    cancellation: regionOf(entry, 'cancellation'),
    next_action: presentNextAction(context.nextAction),
    last_rejection: presentRejection(context.rejection),
    current_period_start: period?.start ?? null,
    current_period_end: period?.end ?? null,
    cancel_at: context.cancelAt,
    canceled_at: context.canceledAt,
    ended_at: context.endedAt,
    trial_end: observed?.facts.trialEnd ?? null,
    latest_invoice: observed?.facts.latestInvoice ?? latestOf(context),
    created_at: context.createdAt,
  }
}

/** Of the platform's invoices, the one of the latest period. */
function latestOf({ invoices }: SubscriptionContext): string | null {
  const [latest] = Object.values(invoices).sort(
    (a, b) => (b.periodIndex ?? -1) - (a.periodIndex ?? -1),
  )
  return latest ? idOf(latest.invoice) : null
}

/** True once there is something to tell whoever subscribed: what to do next, or how it ended. */
export function hasFirstWord(entry: Entry): boolean {
  const { nextAction, rejection } = contextOf(entry, SubscriptionContext)
  const status = statusOnWire(regionOf(entry, 'status'))
  return nextAction !== null || rejection !== null || status !== 'incomplete'
}
