import { isNews, mayBeForgotten, remember } from '../children.ts'
import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import { summaryIn } from '../shared-events.ts'
import {
  type SubscriptionChange,
  type SubscriptionContext,
  type SubscriptionScope,
  refOf,
} from './state.ts'

// What a subscription remembers of the platform's invoices: the first, and what is overdue. Pure.

type InvoiceWord = Extract<SubscriptionScope['event'], { type: 'invoice.changed' }>

function isOverdue({ failing, status }: Pick<InvoiceWord, 'failing' | 'status'>): boolean {
  return failing || status === 'uncollectible'
}

function heardOf(event: InvoiceWord) {
  const isOpen = isOverdue(event) || event.periodIndex === 0
  return { from: event.invoice, summary: summaryIn(event), isOpen }
}

function memoryOf({ invoices, hasForgotten }: SubscriptionContext) {
  return { known: invoices, hasForgotten }
}

/** Of the platform's invoices: the first one, and those that are overdue. */
export function foldInvoice({ context, event }: SubscriptionScope): SubscriptionChange {
  if (event.type !== 'invoice.changed' || !isNewerInvoice({ context, event })) return {}
  const { known, hasForgotten } = remember(memoryOf(context), heardOf(event))
  const waits = event.nextAction !== null && event.periodIndex === 0
  return {
    invoices: known,
    hasForgotten,
    nextAction: waits ? event.nextAction : event.status === 'paid' ? null : context.nextAction,
  }
}

/**
 * What an invoice says that may have been forgotten is old perhaps: it is asked how it stands now.
 */
export function askInvoiceAgain({ context, event }: SubscriptionScope): EffectRequest | null {
  if (event.type !== 'invoice.changed' || context.collector !== 'platform') return null
  if (!mayBeForgotten(memoryOf(context), heardOf(event))) return null
  return tell(event.invoice, { type: 'summary.asked', asker: refOf(context) })
}

export function isNewerInvoice({ context, event }: SubscriptionScope): boolean {
  if (event.type !== 'invoice.changed' || context.collector !== 'platform') return false
  return isNews(memoryOf(context), heardOf(event))
}

/** Of the platform's invoices after this event: whether none has failed or was written off. */
export function nothingOverdueAfter({ context, event }: SubscriptionScope): boolean {
  const { invoices } = { ...context, ...foldInvoice({ context, event }) }
  return !Object.values(invoices).some(isOverdue)
}
