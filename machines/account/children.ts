import { idOf } from '../../values/ids.ts'
import { type Heard, isNews, mayBeForgotten, remember } from '../children.ts'
import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import { summaryIn } from '../shared-events.ts'
import { type AccountChange, type AccountContext, type AccountScope, refOf } from './state.ts'

// What an account remembers of its subscriptions, invoices and dunning cases: what is open. Pure.

export type ChildEvent = Extract<
  AccountScope['event'],
  { type: 'subscription.changed' | 'invoice.changed' | 'dunning.changed' }
>

type Subscriptions = AccountContext['subscriptions']

export function isChildEvent(event: AccountScope['event']): event is ChildEvent {
  const { type } = event
  return type === 'subscription.changed' || type === 'invoice.changed' || type === 'dunning.changed'
}

const ended = new Set(['canceled', 'incomplete_expired'])

export function hasEnded({ status }: { readonly status: string }): boolean {
  return ended.has(status)
}

/**
 * Those that run, and for each feature the first by name of those that sold it and have ended: that
 * one says why the feature is refused. Which one it is does not depend on the order in which they
 * ended.
 */
export function explaining(subscriptions: Subscriptions): Subscriptions {
  const explained = new Set<string>()
  const explains = (summary: Subscriptions[string]) => {
    if (!hasEnded(summary)) return true
    const unexplained = Object.keys(summary.terms?.features ?? {}).filter((f) => !explained.has(f))
    for (const feature of unexplained) explained.add(feature)
    return unexplained.length > 0
  }
  const inOrder = Object.entries(subscriptions).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(inOrder.filter(([, summary]) => explains(summary)))
}

interface Child<Summary> {
  readonly known: Readonly<Record<string, Summary>>
  readonly heard: Heard<Summary>
}

function subscriptionIn(
  { subscriptions }: AccountContext,
  event: Extract<ChildEvent, { type: 'subscription.changed' }>,
): Child<Subscriptions[string]> {
  const { subscription: from } = event
  const summary = summaryIn(event)
  const isOpen = Object.hasOwn(explaining({ ...subscriptions, [from]: summary }), from)
  return { known: subscriptions, heard: { from, summary, isOpen } }
}

function invoiceIn(
  { invoices }: AccountContext,
  event: Extract<ChildEvent, { type: 'invoice.changed' }>,
): Child<AccountContext['invoices'][string]> {
  const isOpen = event.failing || event.status === 'uncollectible'
  return { known: invoices, heard: { from: event.invoice, summary: summaryIn(event), isOpen } }
}

function caseIn(
  { cases }: AccountContext,
  event: Extract<ChildEvent, { type: 'dunning.changed' }>,
): Child<AccountContext['cases'][string]> {
  const isOpen = event.stage === 'collecting' || event.stage === 'bad_debt'
  return { known: cases, heard: { from: event.invoice, summary: summaryIn(event), isOpen } }
}

function childIn(context: AccountContext, event: ChildEvent): Child<{ readonly version: number }> {
  switch (event.type) {
    case 'subscription.changed':
      return subscriptionIn(context, event)
    case 'invoice.changed':
      return invoiceIn(context, event)
    case 'dunning.changed':
      return caseIn(context, event)
  }
}

/** True if the summary says something that the account does not know. */
export function isNewsOfChild(context: AccountContext, event: ChildEvent): boolean {
  const { known, heard } = childIn(context, event)
  return isNews({ known, hasForgotten: context.hasForgotten }, heard)
}

/** True if this may be an old word of one that was forgotten. */
export function isDoubtful(context: AccountContext, event: ChildEvent): boolean {
  const { known, heard } = childIn(context, event)
  return mayBeForgotten({ known, hasForgotten: context.hasForgotten }, heard)
}

/** Asks the sender of a doubtful word how it stands now. */
export function askChildAgain({ context, event }: AccountScope): EffectRequest | null {
  if (!isChildEvent(event) || !isDoubtful(context, event)) return null
  return tell(senderOf(event), { type: 'summary.asked', asker: refOf(context) })
}

function senderOf(event: ChildEvent) {
  switch (event.type) {
    case 'subscription.changed':
      return event.subscription
    case 'invoice.changed':
      return event.invoice
    case 'dunning.changed':
      return `dunning/${idOf(event.invoice)}` as const
  }
}

/** What the account remembers after a summary that is news. */
export function foldChild(context: AccountContext, event: ChildEvent): AccountChange {
  const { hasForgotten } = context
  switch (event.type) {
    case 'subscription.changed': {
      const { known, heard } = subscriptionIn(context, event)
      const after = remember({ known, hasForgotten }, heard)
      const subscriptions = explaining(after.known)
      const lost = Object.keys(subscriptions).length < Object.keys(after.known).length
      return { subscriptions, hasForgotten: after.hasForgotten || lost }
    }
    case 'invoice.changed': {
      const { known, heard } = invoiceIn(context, event)
      const after = remember({ known, hasForgotten }, heard)
      return { invoices: after.known, hasForgotten: after.hasForgotten }
    }
    case 'dunning.changed': {
      const { known, heard } = caseIn(context, event)
      const after = remember({ known, hasForgotten }, heard)
      return { cases: after.known, hasForgotten: after.hasForgotten }
    }
  }
}
