import { accountMachine } from './account/account.ts'
import { AccountEvent } from './account/events.ts'
import { dunningMachine } from './dunning/dunning.ts'
import { DunningEvent } from './dunning/events.ts'
import { InvoiceEvent } from './invoice/events.ts'
import { invoiceMachine } from './invoice/invoice.ts'
import { PaymentEvent } from './payment/events.ts'
import { paymentMachine } from './payment/payment.ts'
import { ReconciliationEvent } from './reconciliation/events.ts'
import { reconciliationMachine } from './reconciliation/reconciliation.ts'
import { SubscriptionEvent } from './subscription/events.ts'
import { subscriptionMachine } from './subscription/subscription.ts'
import { dunningSummaries } from './dunning/summaries.ts'
import { invoiceSummaries } from './invoice/summaries.ts'
import { paymentSummaries } from './payment/summaries.ts'
import { subscriptionSummaries } from './subscription/summaries.ts'
import { EventEvent } from './webhook/events.ts'
import { eventMachine } from './webhook/webhook.ts'

/**
 * Every actor type with its chart. `version` rises, with a migration, when what is stored changes its
 * shape; `requests` are the events that ask and can be refused.
 */
export const charts = {
  account: {
    type: 'account',
    version: 1,
    migrations: [],
    machine: accountMachine,
    events: AccountEvent,
    requests: new Set([
      'account.create',
      'payment_method.add',
      'account.ban',
      'account.unban',
      'account.close',
      'refresh',
    ]),
  },
  subscription: {
    type: 'subscription',
    version: 1,
    migrations: [],
    machine: subscriptionMachine,
    events: SubscriptionEvent,
    summaries: subscriptionSummaries,
    requests: new Set([
      'subscription.create',
      'subscription.cancel',
      'subscription.resume',
      'refresh',
    ]),
  },
  invoice: {
    type: 'invoice',
    version: 1,
    migrations: [],
    machine: invoiceMachine,
    events: InvoiceEvent,
    summaries: invoiceSummaries,
    requests: new Set(['invoice.pay', 'invoice.void', 'refresh']),
  },
  payment: {
    type: 'payment',
    version: 1,
    migrations: [],
    machine: paymentMachine,
    events: PaymentEvent,
    summaries: paymentSummaries,
    requests: new Set(['refresh']),
  },
  dunning: {
    type: 'dunning',
    version: 1,
    migrations: [],
    machine: dunningMachine,
    events: DunningEvent,
    summaries: dunningSummaries,
    requests: new Set<string>(),
  },
  event: {
    type: 'event',
    version: 1,
    migrations: [],
    machine: eventMachine,
    events: EventEvent,
    requests: new Set<string>(),
  },
  reconciliation: {
    type: 'reconciliation',
    version: 1,
    migrations: [],
    machine: reconciliationMachine,
    events: ReconciliationEvent,
    requests: new Set(['refresh']),
  },
} as const
