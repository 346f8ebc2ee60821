import { periodOf } from '../../values/calendar.ts'
import { linesOf } from '../catalog/pricing.ts'
import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import {
  type SubscriptionChange,
  type SubscriptionContext,
  type SubscriptionScope,
  refOf,
} from './state.ts'

// What the platform bills: a period at a time, each by an invoice of its own. Pure.

/** The platform's first invoice is offered what the subscription was. */
export function offerToFirstInvoice({ context, event }: SubscriptionScope): EffectRequest | null {
  if (event.type !== 'payment_method.available') return null
  const { type, paymentMethod } = event
  return tell(platformInvoiceRef(context), { type, paymentMethod })
}

/** The platform's invoice `k` of a subscription has an id of its own, so that it is issued once. */
export function platformInvoiceRef(context: SubscriptionContext): `invoice/${string}` {
  return `invoice/in_${context.id}_${context.periodIndex}`
}

/** Bills the current period of a subscription that the platform collects. */
export function issueInvoice({ context }: SubscriptionScope): EffectRequest | null {
  const { account, terms, period, quantity, periodIndex, provider, collector } = context
  if (collector !== 'platform') return null
  if (account === null || provider === null || terms === null || period === null) return null
  return tell(platformInvoiceRef(context), {
    type: 'invoice.issued',
    account,
    subscription: refOf(context),
    provider,
    currency: terms.currency,
    lines: linesOf(terms, quantity, period),
    period,
    periodIndex,
    onSession: periodIndex === 0,
  })
}

/** The platform has billed the first period, and nothing is paid. */
function awaitsFirstPayment(context: SubscriptionContext): boolean {
  const first = context.invoices[platformInvoiceRef(context)]
  return context.collector === 'platform' && context.periodIndex === 0 && first?.status !== 'paid'
}

/** Asks for the first invoice's end, if the subscription ends before it was paid. */
export function voidFirstInvoice({ context }: SubscriptionScope): EffectRequest | null {
  if (!awaitsFirstPayment(context)) return null
  return tell(platformInvoiceRef(context), { type: 'invoice.void' })
}

/** The next period, by its number from the anchor and never from the period before. */
export function nextPeriod({ context }: SubscriptionScope): SubscriptionChange {
  const { anchorAt, terms, periodIndex } = context
  if (anchorAt === null || terms === null) return {}
  return { periodIndex: periodIndex + 1, period: periodOf(anchorAt, terms, periodIndex + 1) }
}
