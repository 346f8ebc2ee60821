import { type Instant, msOf, msPerDay } from '../../values/instant.ts'
import { summaryIn } from '../shared-events.ts'
import type { DunningChange, DunningScope } from './state.ts'

// What a case knows of its invoice: pure.

/**
 * Webhooks are retried for three days, and what they missed is read within another: a case that
 * opens until then keeps the days of the invoice.
 */
const lateMs = 4 * msPerDay

/**
 * From when the days are counted: when the invoice fell due. A case that could not open in time
 * counts from its opening, so that the customer has the days that the policy promises.
 */
function anchorOf(dueSince: Instant | null, openedAt: Instant): Instant {
  if (dueSince === null) return openedAt
  return msOf(openedAt) - msOf(dueSince) > lateMs ? openedAt : dueSince
}

export function isNews({ context, event }: DunningScope): boolean {
  return event.type === 'invoice.changed' && event.version > (context.invoice?.version ?? 0)
}

export function foldInvoice({ context, event }: DunningScope): DunningChange {
  if (event.type !== 'invoice.changed' || !isNews({ context, event })) return {}
  const { at, seq } = event
  return {
    invoice: summaryIn(event),
    anchorAt: context.anchorAt ?? anchorOf(event.dueSince, at),
    declined: event.hardDecline === null ? null : { at, seq },
  }
}
