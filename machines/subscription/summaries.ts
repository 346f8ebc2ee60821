import { stateOf, type Standing } from '../chart-types.ts'
import { summary, type Summary } from '../messages.ts'
import { type SubscriptionContext, refOf } from './state.ts'

/** The account hears of what it grants by, and not of every period that begins. */
export function subscriptionSummaries({
  value,
  context,
}: Standing<SubscriptionContext>): Summary[] {
  const { account, collector, terms, quantity, cancelAt } = context
  const status = stateOf(value, 'status')
  if (account === null || status === 'unknown') return []
  const event = {
    type: 'subscription.changed' as const,
    subscription: refOf(context),
    collector,
    status,
    terms,
    quantity,
    cancelAt,
  }
  return [summary(account, event, true)]
}
