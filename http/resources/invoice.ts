import { z } from '@hono/zod-openapi'
import { contextOf, regionOf } from '../../actors/decision/read-snapshot.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import {
  amountRefunded,
  amountRemaining,
  dueSince,
  nextExecutableAttemptAt,
} from '../../machines/invoice/debt.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { idOf } from '../../values/ids.ts'
import { presentNextAction, WireNextAction } from './next-action.ts'
import { presentRejection, WireRejection } from './rejection.ts'
import { WireAmount, WireCurrency, WireInstant } from './wire.ts'

const WireInvoiceLine = z
  .object({
    description: z.string().nullable(),
    amount: WireAmount,
    quantity: z.int().nullable(),
    period_start: WireInstant.nullable(),
    period_end: WireInstant.nullable(),
  })
  .openapi('InvoiceLine')

export const WireInvoice = z
  .object({
    id: z.string(),
    object: z.literal('invoice'),
    account: z.string(),
    subscription: z.string().nullable(),
    number: z.string().nullable(),
    collection: z.enum(['provider', 'platform']),
    status: z.string().openapi({
      description: 'draft, open, paid, void, uncollectible or deleted.',
    }),
    collection_state: z.string().nullable().openapi({
      description:
        'Of an open invoice: idle, charging, requires_action, retry_scheduled and so on.',
    }),
    currency: WireCurrency,
    total: WireAmount,
    amount_paid: WireAmount,
    amount_remaining: WireAmount,
    amount_refunded: WireAmount.openapi({
      description: 'What went back of what was paid; of invoices that the platform collects.',
    }),
    lines: z.array(WireInvoiceLine),
    period_start: WireInstant.nullable(),
    period_end: WireInstant.nullable(),
    attempt_count: z.int(),
    next_payment_attempt_at: WireInstant.nullable().openapi({
      description: 'Only of an attempt that will really reach a bank.',
    }),
    decline_code: z.string().nullable(),
    next_action: WireNextAction.nullable(),
    last_rejection: WireRejection.nullable(),
    due_since: WireInstant.nullable(),
    paid_at: WireInstant.nullable(),
    created_at: WireInstant.nullable(),
    hosted_url: z.string().nullable(),
  })
  .openapi('Invoice')
export type WireInvoice = z.infer<typeof WireInvoice>

/** Null of one that is only heard of: nobody's yet, or with nothing on it. */
export function presentInvoice(entry: Entry): WireInvoice | null {
  const context = contextOf(entry, InvoiceContext)
  const { account, subscription, observed, issue } = context
  const contents = contentsOf(context)
  if (account === null || contents === null) return null
  const [status = 'unknown', state = null] = regionOf(entry, 'status').split('.')
  const remaining = amountRemaining(context)
  return {
    id: idOf(entry.actor),
    object: 'invoice',
    account: idOf(account),
    subscription: subscription && idOf(subscription),
    number: observed?.facts.number ?? null,
    collection: context.collector,
    status: status === 'unknown' ? 'draft' : status,
    collection_state: state,
    currency: contents.currency,
    total: contents.totalMinor,
    amount_paid: issue ? contents.totalMinor - remaining : (observed?.facts.amountPaidMinor ?? 0),
    amount_remaining: remaining,
    amount_refunded: amountRefunded(context),
    lines: contents.lines.map((line) => ({
      description: line.description,
      amount: line.amountMinor,
      quantity: line.quantity,
      period_start: line.period?.start ?? null,
      period_end: line.period?.end ?? null,
    })),
    period_start: contents.period?.start ?? null,
    period_end: contents.period?.end ?? null,
    ...collectionOf(context),
    due_since: dueSince(context),
    paid_at: context.paidAt,
    created_at: issue?.issuedAt ?? observed?.facts.createdAt ?? null,
    hosted_url: observed?.facts.hostedUrl ?? null,
  }
}

function contentsOf({ issue, observed }: InvoiceContext) {
  return issue ?? observed?.facts ?? null
}

function collectionOf(context: InvoiceContext) {
  const { clientSecret, nextActionUrl, declineCode, issue, observed, payment, paidAt } = context
  const waits = paidAt === null && (clientSecret !== null || nextActionUrl !== null)
  return {
    attempt_count: issue ? context.attempt : (observed?.facts.attemptCount ?? 0),
    next_payment_attempt_at: nextExecutableAttemptAt(context),
    decline_code: declineCode ?? payment?.declineCode ?? null,
    next_action: presentNextAction(
      waits ? { clientSecret, url: nextActionUrl, declineCode } : null,
    ),
    last_rejection: presentRejection(context.rejection),
  }
}
