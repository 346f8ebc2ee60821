import { SubscriptionContext } from '../../machines/subscription/state.ts'
import type { ChartName } from './explore.ts'
import type { Situation } from './walk.ts'

/** Where an actor may stay without a timer of its own, and what it is waiting for there. */
export const resting: Readonly<Record<ChartName, Readonly<Record<string, string>>>> = {
  account: {
    'standing.good': 'nothing is owed',
    'standing.delinquent': 'its invoices and cases say when that ends',
    'standing.bad_debt': 'its cases say when that ends',
    'standing.banned': 'a person, or the case that banned',
    'paymentMethod.none': 'the customer',
    'paymentMethod.valid': 'its timer, unless the method does not expire',
    'paymentMethod.required': 'the customer',
    'lifecycle.open': 'the customer',
    'lifecycle.closing': 'the ends of its subscriptions',
    'lifecycle.closed': 'nothing: the end',
  },
  subscription: {
    'status.unknown': 'a request, or the first word of the provider',
    'status.incomplete': 'the provider, once both timers have asked it',
    'status.trialing': 'the provider',
    'status.active': 'the provider; the region `billing` where the platform collects',
    'status.past_due': 'the provider, once the timer has asked it; our invoices',
    'status.unpaid': 'a payment',
    'status.paused': 'a person',
    'status.canceled': 'nothing: the end',
    'status.incomplete_expired': 'nothing: the end',
    'cancellation.none': 'a request',
    'cancellation.scheduling': 'the answer to an effect, which is delivered until there is one',
    'cancellation.scheduled': 'the end of the period, or a change of mind',
    'cancellation.resuming': 'the answer to an effect, which is delivered until there is one',
    'cancellation.ending': 'the answer to an effect, which is delivered until there is one',
    'billing.off': 'the platform, should it collect',
  },
  invoice: {
    'status.unknown': 'the first word',
    'status.draft': 'the provider',
    'status.open.idle': 'the provider, or the customer',
    'status.open.charging': 'the payment, once the timer has asked for it',
    'status.open.requires_action': 'the customer',
    'status.open.retry_scheduled': 'the dunning case, or the provider’s own retry',
    'status.paid': 'nothing: the end',
    'status.void': 'nothing: the end',
    'status.uncollectible': 'a payment',
    'status.deleted': 'nothing: the end',
  },
  payment: {
    'status.unknown': 'the provider',
    'status.requires_payment_method': 'the customer',
    'status.requires_confirmation': 'the customer',
    'status.requires_action': 'the customer',
    'status.processing': 'the bank',
    'status.requires_capture': 'the provider',
    'status.canceled': 'nothing: the end',
    'status.succeeded': 'nothing: the end',
    'refund.none': 'nothing',
    'refund.partial': 'nothing',
    'refund.full': 'nothing',
    'dispute.none': 'nothing',
    'dispute.inquiry': 'the bank',
    'dispute.open': 'the bank',
    'dispute.won': 'nothing: the end',
    'dispute.lost': 'nothing: the end',
  },
  dunning: {
    'state.opening': 'the policy: an effect, which is delivered until there is an answer',
    'state.bad_debt.exhausted': 'a payment',
    'state.recovered': 'nothing: the end',
    'state.closed': 'nothing: the end',
  },
  event: {
    'state.expected': 'the webhook',
    'state.received': 'nothing: what became of it is the result of its effect',
    'state.quarantined': 'a person',
  },
  reconciliation: {
    'state.sweeping': 'the recurring job, which walks for as long as this is the state',
  },
}

/**
 * An end of which the provider has not said a word: it refused to create the thing. Should it show
 * it all the same, it is believed.
 */
export function isOursAlone(chart: ChartName, { snapshot }: Situation): boolean {
  if (chart !== 'subscription') return false
  const { collector, observed } = SubscriptionContext.parse(snapshot.context)
  return collector === 'provider' && observed === null
}
