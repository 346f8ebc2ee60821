import { idOf, type ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import { isDoubtful } from './children.ts'
import { customerOf, isCustomerDeleted } from './customers.ts'
import type { AccountContext, AccountScope } from './state.ts'

type InvoiceWord = Extract<AccountScope['event'], { type: 'invoice.changed' }>

// Which invoices and cases an account offers its default payment method: pure.

function defaultMethod(context: AccountContext): string | null {
  return customerOf(context)?.defaultPaymentMethod ?? null
}

/**
 * The default payment method, if it came after the invoice fell due: the charge that failed had
 * another.
 */
function cardSince(context: AccountContext, dueSince: Instant | null) {
  const { paymentMethods } = context
  const paymentMethod = defaultMethod(context)
  if (paymentMethod === null || dueSince === null) return null
  const since = paymentMethods[paymentMethod]?.facts.createdAt
  return since !== undefined && since > dueSince ? paymentMethod : null
}

/** Neither closed by us nor removed at the provider. */
function isInUse(context: AccountContext): boolean {
  return context.closedAt === null && !isCustomerDeleted(context)
}

/** An answer is the first word that counts of an invoice whose first word was doubtful. */
function isKnownToFail({ invoices }: AccountContext, { invoice, again }: InvoiceWord): boolean {
  return invoices[invoice]?.failing === true && again !== true
}

/**
 * A default payment method that was not the default before is offered to whatever waits for one:
 * invoices that are failing or were written off, their dunning cases, and first payments. So is the
 * one that is there to a subscription that begins, or to an invoice whose failure becomes known
 * only after it came. Nothing is, once the account is out of use.
 */
export function offersOfMethod({ context, event }: AccountScope): EffectRequest[] {
  const offer = (to: ActorRef<'subscription' | 'invoice' | 'dunning'>, paymentMethod: string) =>
    tell(to, { type: 'payment_method.available', paymentMethod })
  if (!isInUse(context)) return []
  if (event.type === 'subscription.changed') {
    const paymentMethod = defaultMethod(context)
    const waits = event.status === 'incomplete' && paymentMethod !== null
    return waits ? [offer(event.subscription, paymentMethod)] : []
  }
  if (event.type === 'invoice.changed') {
    const paymentMethod = cardSince(context, event.dueSince)
    const begins = event.failing && !isKnownToFail(context, event) && !isDoubtful(context, event)
    return begins && paymentMethod !== null ? [offer(event.invoice, paymentMethod)] : []
  }
  if (event.type !== 'customer.observed') return []
  const paymentMethod = event.facts.defaultPaymentMethod
  if (paymentMethod === null || paymentMethod === defaultMethod(context)) {
    return []
  }
  const owed = Object.values(context.invoices).filter(
    (invoice) => invoice.failing || invoice.status === 'uncollectible',
  )
  const waiting = Object.values(context.subscriptions).filter((one) => one.status === 'incomplete')
  const collected = Object.values(context.cases).filter(
    ({ stage }) => stage === 'collecting' || stage === 'bad_debt',
  )
  return [
    ...collected.map((one) => offer(`dunning/${idOf(one.invoice)}`, paymentMethod)),
    ...owed.map((one) => offer(one.invoice, paymentMethod)),
    ...waiting.map((one) => offer(one.subscription, paymentMethod)),
  ]
}
