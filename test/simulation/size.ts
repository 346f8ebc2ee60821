import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import { type ActorRef, typeOf } from '../../values/ids.ts'
import { canonical } from '../../values/json.ts'
import { statusOf } from './journals.ts'

type Heads = ReadonlyMap<ActorRef, Entry>

/** How many characters an actor's snapshot may have, alone and for each thing that is open. */
const most = {
  account: 2_100,
  subscription: 1_950,
  invoice: 1_900,
  /** What an account knows of one subscription. */
  running: 460,
  /** What an account or a subscription knows of an invoice that is due, and of its dunning. */
  due: 700,
  method: 300,
  /** What an invoice knows of one attempt to pay it. */
  attempt: 280,
} as const

const ended: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired'])
const due: ReadonlySet<string> = new Set(['open', 'uncollectible'])

/** A11: no snapshot is larger than what is open about its actor needs, however old that is. */
export function faultsInSize(heads: Heads): string[] {
  return [...heads].flatMap(([actor, head]) => {
    const [size, bound] = [canonical(head.snapshot).length, boundOf(actor, head, heads)]
    return bound === null || size <= bound
      ? []
      : [`A11 ${actor} has ${size} characters; what is open needs at most ${bound}`]
  })
}

function boundOf(actor: ActorRef, head: Entry, heads: Heads): number | null {
  switch (typeOf(actor)) {
    case 'account':
      return boundOfAccount(actor, head, heads)
    case 'subscription': {
      const open = dueInvoices(heads).filter(({ subscription }) => subscription === actor).length
      // It remembers its first invoice in any case.
      const first = Object.keys(contextOf(head, SubscriptionContext).invoices).length > 0 ? 1 : 0
      return most.subscription + most.due * Math.max(open, first)
    }
    case 'invoice':
      return (
        most.invoice + most.attempt * Object.keys(contextOf(head, InvoiceContext).payments).length
      )
    default:
      return null
  }
}

/**
 * Of its ended subscriptions an account remembers one of each plan: it may be why a feature is
 * refused. Payment methods count for ever: it remembers those that are detached, so that a late
 * word does not bring one back.
 */
function boundOfAccount(actor: ActorRef, head: Entry, heads: Heads): number {
  const { paymentMethods } = contextOf(head, AccountContext)
  const own = [...heads]
    .filter(([ref]) => typeOf(ref) === 'subscription')
    .map(([, of]) => ({ status: statusOf(of), ...contextOf(of, SubscriptionContext) }))
    .filter(({ account }) => account === actor)
  const running = own.filter(({ status }) => !ended.has(status)).length
  const plansEnded = new Set(
    own.filter(({ status }) => ended.has(status)).map(({ terms }) => terms?.plan),
  )
  const open = dueInvoices(heads).filter(({ account }) => account === actor).length
  return (
    most.account +
    most.running * (running + plansEnded.size) +
    most.due * open +
    most.method * Object.keys(paymentMethods).length
  )
}

function dueInvoices(heads: Heads): InvoiceContext[] {
  return [...heads]
    .filter(([ref, head]) => typeOf(ref) === 'invoice' && due.has(statusOf(head)))
    .map(([, head]) => contextOf(head, InvoiceContext))
}
