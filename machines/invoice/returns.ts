import { idOf } from '../../values/ids.ts'
import type { EffectRequest } from '../effects.ts'
import { isNewerPayment, succeeded } from './payments.ts'
import type { InvoiceScope } from './state.ts'

// Money that comes for what was to be void, and how it goes back. Pure.

/**
 * A payment has captured its money, and was not known to have: what is said of its refunds later
 * brings no more.
 */
export function captured(scope: InvoiceScope): boolean {
  const { context, event } = scope
  if (event.type !== 'payment.changed' || !succeeded(scope)) return false
  return context.payments[event.payment]?.status !== 'succeeded'
}

/** More of a payment has gone back than was known. */
export function returned(scope: InvoiceScope): boolean {
  const { context, event } = scope
  if (event.type !== 'payment.changed' || !isNewerPayment(scope)) return false
  return event.amountRefundedMinor > (context.payments[event.payment]?.amountRefundedMinor ?? 0)
}

/** Money that came for what was to be void goes back; of any other, nothing. */
export function requestRefund({ context, event }: InvoiceScope): EffectRequest | null {
  const { voidWantedAt, provider } = context
  if (event.type !== 'payment.changed' || voidWantedAt === null || provider === null) return null
  return { kind: 'payment.refund', provider, paymentIntent: idOf(event.payment) }
}

/** The customer hears what went back once the provider says so, and not when it was asked for. */
export function requestReturnedMail({ context, event }: InvoiceScope): EffectRequest | null {
  const { voidWantedAt, account, issue } = context
  if (event.type !== 'payment.changed' || event.amountRefundedMinor === 0) return null
  if (voidWantedAt === null || account === null || issue === null) return null
  const { amountRefundedMinor: amountMinor } = event
  const data = { invoice: context.id, amountMinor, currency: issue.currency }
  return { kind: 'email.send', account, template: 'payment_returned', data }
}
