import { type Instant, msPerDay, msPerHour, msSince } from '../../values/instant.ts'
import { givenUp, wasRefused } from '../rejection.ts'
import { dueSince } from './debt.ts'
import type { InvoiceChange, InvoiceContext, InvoiceScope } from './state.ts'

// The one attempt that may be under way: with which method, whether it can still take money, and
// when to ask the provider how it stands. Pure.

export function foldSubmitted({ context, event }: InvoiceScope): InvoiceChange {
  if (event.type !== 'charge.submitted' || event.attempt !== context.attempt) return {}
  const { paymentIntent, clientSecret, nextActionUrl, paymentMethod } = event
  // The payment's own word may be here before the answer to our request is, and is never older.
  const known = context.payments[`payment/${paymentIntent}`] !== undefined
  return {
    paymentIntent,
    clientSecret,
    nextActionUrl: known ? context.nextActionUrl : nextActionUrl,
    chargedMethod: paymentMethod ?? context.chargedMethod,
    // What was offered while the charge was on its way may be the very method that it took.
    offeredMethod: context.offeredMethod === paymentMethod ? null : context.offeredMethod,
  }
}

export function foldRejected({ context, event }: InvoiceScope): InvoiceChange {
  if (event.type === 'effect.parked') {
    // The provider takes one payment of its invoice, however often it is asked: it may be asked
    // again.
    const paySeq = event.effect === 'provider.pay_invoice' ? null : context.paySeq
    return { rejection: givenUp(event), paySeq }
  }
  if (event.type !== 'effect.rejected') return {}
  const { effect, code, message, at } = event
  const paySeq = effect === 'provider.pay_invoice' ? null : context.paySeq
  // That a charge was refused matters until the next one, whatever else is refused meanwhile.
  const isKept = context.rejection?.effect === 'payment.charge' && effect !== 'payment.charge'
  return { rejection: isKept ? context.rejection : { effect, code, message, at }, paySeq }
}

/** No attempt of ours can still take money: there is none, or the provider confirmed its end. */
export function isReleased({ context }: InvoiceScope): boolean {
  const { attempt, paymentIntent, payments, rejection } = context
  if (paymentIntent !== null) return payments[`payment/${paymentIntent}`]?.status === 'canceled'
  // A charge that was asked for and not answered may still become a payment.
  return attempt === 0 || wasRefused(rejection, 'payment.charge')
}

/** A method that the latest attempt was not made with. */
export function isNewMethod({ context, event }: InvoiceScope): boolean {
  return event.type === 'payment_method.available' && event.paymentMethod !== context.chargedMethod
}

/** The method that is named for the next attempt, where the event names one. */
export function foldOffer({ event }: InvoiceScope): InvoiceChange {
  if (event.type === 'invoice.pay') return { offeredMethod: event.paymentMethod }
  return event.type === 'payment_method.available' ? { offeredMethod: event.paymentMethod } : {}
}

/** The bank wants to see the customer, as far as we know. */
export function mustAuthenticate({ nextActionUrl, payment }: InvoiceContext): boolean {
  return nextActionUrl !== null || payment?.status === 'requires_action'
}

/**
 * How long until the provider is asked how an attempt stands. A customer may take weeks to
 * authenticate: the longer ago it fell due, the rarer the checks, down to one a day.
 */
export function msToCheck(context: InvoiceContext, now: Instant): number {
  if (context.paySeq !== null || !mustAuthenticate(context)) return msPerHour
  return Math.min(Math.max(msSince(dueSince(context), now), msPerHour), msPerDay)
}

/** The customer is there, and the payment waits for them. */
export function submittedForAction({ context, event }: InvoiceScope): boolean {
  if (event.type !== 'charge.submitted' || event.attempt !== context.attempt) return false
  const wantsMethod = event.status === 'requires_payment_method'
  return event.status === 'requires_action' || (wantsMethod && context.issue?.onSession === true)
}
