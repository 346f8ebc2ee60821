import { type EffectRequest, readOf } from '../effects.ts'
import { tell } from '../messages.ts'
import { wantsReason } from './debt.ts'
import { type InvoiceScope, refOf } from './state.ts'

// What an invoice asks of the provider and of its payment: pure.

export function requestReason(scope: InvoiceScope): EffectRequest | null {
  return wantsReason(scope.context) ? requestRead(scope) : null
}

export function requestRead({ context, event }: InvoiceScope): EffectRequest | null {
  const hinted = event.type === 'invoice.hinted' ? event.invoice : null
  const seen = event.type === 'invoice.observed' ? event.facts.invoice : null
  const id = context.observed?.facts.invoice ?? seen ?? hinted
  const provider = 'provider' in event ? event.provider : context.provider
  if (id === null || provider === null || context.collector === 'platform') return null
  return readOf(provider, 'invoice', id)
}

export function requestPaymentRead({ context }: InvoiceScope): EffectRequest | null {
  const { paymentIntent, provider } = context
  if (paymentIntent === null || provider === null) return null
  return tell(`payment/${paymentIntent}`, { type: 'payment.hinted', provider })
}

export function requestPay({ context, event }: InvoiceScope): EffectRequest | null {
  const { observed, provider, account } = context
  if (!observed || provider === null) return null
  const paymentMethod =
    event.type === 'invoice.pay' || event.type === 'payment_method.available'
      ? event.paymentMethod
      : null
  return {
    kind: 'provider.pay_invoice',
    provider,
    account,
    invoice: observed.facts.invoice,
    paymentMethod,
  }
}

export function requestCharge({ context }: InvoiceScope): EffectRequest | null {
  const { issue, account, provider, attempt, collector } = context
  if (collector !== 'platform') return null
  if (issue === null || account === null || provider === null) return null
  if (issue.totalMinor === 0) return null
  return {
    kind: 'payment.charge',
    provider,
    invoice: refOf(context),
    account,
    attempt,
    amountMinor: issue.totalMinor,
    currency: issue.currency,
    onSession: issue.onSession,
    paymentMethod: context.offeredMethod,
  }
}

export function requestPaymentCancel({ context }: InvoiceScope): EffectRequest | null {
  const { paymentIntent, provider } = context
  if (paymentIntent === null || provider === null) return null
  return { kind: 'payment_intent.cancel', provider, paymentIntent }
}
