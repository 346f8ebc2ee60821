import { type Progress, type Weight, isTaken, observedOf, weigh } from '../observation.ts'
import { givenUp } from '../rejection.ts'
import type { Stamped } from '../shared-events.ts'
import { foldChild, isNewsOfChild } from './children.ts'
import { customerAt } from './customers.ts'
import type { CustomerFacts, PaymentMethodFacts } from './facts.ts'
import type { AccountChange, AccountContext, AccountScope } from './state.ts'

// How an account folds what it is told: pure, so that every order of the same words gives one
// state.

type CustomerObserved = Extract<AccountScope['event'], { type: 'customer.observed' }>

const customerProgress: Progress<CustomerFacts> = {
  isTerminal: ({ deleted }) => deleted,
  rank: () => 0,
}

const methodProgress: Progress<PaymentMethodFacts> = {
  // A payment method that was detached can't be attached again
  // (docs.stripe.com/api/payment_methods/detach).
  isTerminal: ({ attached }) => !attached,
  rank: () => 0,
}

/** Whether an event is news to this account; `stale` for one that it does not fold. */
export function weighInAccount(context: AccountContext, event: AccountScope['event']): Weight {
  switch (event.type) {
    case 'customer.observed':
      return isAnotherCustomer(context, event)
        ? 'stale'
        : weigh(customerAt(context, event.provider), event, customerProgress)
    case 'payment_method.observed':
      return weigh(context.paymentMethods[event.facts.paymentMethod], event, methodProgress)
    case 'subscription.changed':
    case 'invoice.changed':
    case 'dunning.changed':
      return isNewsOfChild(context, event) ? 'newer' : 'stale'
    default:
      return 'stale'
  }
}

/** An account has one customer of a provider for good: a second one replaces nothing. */
function isAnotherCustomer(
  context: AccountContext,
  { provider, facts }: CustomerObserved,
): boolean {
  const known = customerAt(context, provider)
  return known !== null && known.facts.customer !== facts.customer
}

/** What the account remembers after an event; nothing where the event is no news. */
export function foldAccount(context: AccountContext, event: AccountScope['event']): AccountChange {
  switch (event.type) {
    case 'account.create':
      return {
        provider: event.provider,
        email: event.email,
        name: event.name,
        currency: event.currency,
        createdAt: context.createdAt ?? event.at,
      }
    case 'account.close':
      return { closedAt: context.closedAt ?? event.at }
    case 'account.ban':
      return { bans: { ...context.bans, [event.reason]: { by: event.by, at: event.at } } }
    case 'account.unban':
      return { bans: without(context.bans, event.reason) }
    case 'payment_method.add':
      return { attaching: { ...context.attaching, [event.seq]: event.at } }
    case 'effect.parked':
      return { rejection: givenUp(event) }
    case 'effect.rejected': {
      const { effect, code, message, at } = event
      const attaching = effect === 'payment_method.attach' ? {} : context.attaching
      return { rejection: { effect, code, message, at }, attaching }
    }
    default: {
      const news = isTaken(weighInAccount(context, event)) ? foldNews(context, event) : {}
      return { ...news, ...foldAnswer(context, event) }
    }
  }
}

/** True if this word is the answer to our request to attach a payment method. */
export function answersAttach(
  { attaching }: AccountContext,
  event: AccountScope['event'],
): boolean {
  return event.type === 'customer.observed' && Object.hasOwn(attaching, String(event.read))
}

/** An answer is one, also where something newer is known by now. */
function foldAnswer(context: AccountContext, event: AccountScope['event']): AccountChange {
  if (event.type !== 'customer.observed' || !answersAttach(context, event)) return {}
  return { attaching: without(context.attaching, String(event.read)) }
}

function foldNews(context: AccountContext, event: AccountScope['event']): AccountChange {
  switch (event.type) {
    case 'customer.observed': {
      const { facts } = event
      return {
        provider: context.provider ?? event.provider,
        customers: {
          ...context.customers,
          [event.provider]: observedOf(customerAt(context, event.provider), event),
        },
        email: facts.email,
        createdAt: context.createdAt ?? event.at,
        asOf: asOfAfter(context, event),
      }
    }
    case 'payment_method.observed':
      return {
        paymentMethods: {
          ...context.paymentMethods,
          [event.facts.paymentMethod]: observedOf(
            context.paymentMethods[event.facts.paymentMethod],
            event,
          ),
        },
        asOf: asOfAfter(context, event),
      }
    case 'subscription.changed':
    case 'invoice.changed':
      return foldChild(context, event)
    case 'dunning.changed':
      return { ...foldChild(context, event), bans: withDunningBan(context, event) }
    default:
      return {}
  }
}

/** Time only moves on: a word that comes late does not make young again what has expired. */
export function asOfAfter({ asOf }: AccountContext, { at }: Pick<Stamped, 'at'>): Stamped['at'] {
  return asOf === null || at > asOf ? at : asOf
}

/**
 * Dunning bans for one reason of its own, and lifts no other. It bans once: what a person lifted
 * does not come back because the case has other news.
 */
function withDunningBan(
  { bans, cases }: AccountContext,
  event: Extract<AccountScope['event'], { type: 'dunning.changed' }>,
): AccountContext['bans'] {
  const reason = `unpaid:${event.invoice}`
  if (!event.banned) return without(bans, reason)
  if (cases[event.invoice]?.banned) return bans
  return { ...bans, [reason]: { by: event.by, at: event.at } }
}

function without<Value>(record: Record<string, Value>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([known]) => known !== key))
}
