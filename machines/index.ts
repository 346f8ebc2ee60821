import { accountMachine } from './account.ts'
import { dunningMachine } from './dunning.ts'
import { eventMachine } from './event.ts'
import {
  AccountEvent,
  DunningEvent,
  EventEvent,
  InvoiceEvent,
  PaymentEvent,
  ReconciliationEvent,
  SubscriptionEvent,
} from './events.ts'
import { invoiceMachine } from './invoice.ts'
import { paymentMachine } from './payment.ts'
import { reconciliationMachine } from './reconciliation.ts'
import { subscriptionMachine } from './subscription.ts'

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
    requests: new Set(['invoice.pay', 'invoice.void', 'refresh']),
  },
  payment: {
    type: 'payment',
    version: 1,
    migrations: [],
    machine: paymentMachine,
    events: PaymentEvent,
    requests: new Set(['refresh']),
  },
  dunning: {
    type: 'dunning',
    version: 1,
    migrations: [],
    machine: dunningMachine,
    events: DunningEvent,
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
