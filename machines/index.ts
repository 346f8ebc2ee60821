import { accountMachine } from './account/account.ts'
import { AccountCommand, AccountEvent } from './account/events.ts'
import { AccountContext } from './account/state.ts'
import { dunningMachine } from './dunning/dunning.ts'
import { DunningEvent } from './dunning/events.ts'
import { DunningContext } from './dunning/state.ts'
import { dunningSummaries } from './dunning/summaries.ts'
import { InvoiceCommand, InvoiceEvent } from './invoice/events.ts'
import { invoiceMachine } from './invoice/invoice.ts'
import { InvoiceContext } from './invoice/state.ts'
import { invoiceSummaries } from './invoice/summaries.ts'
import { invoiceWants } from './invoice/wanted.ts'
import { PaymentCommand, PaymentEvent } from './payment/events.ts'
import { paymentMachine } from './payment/payment.ts'
import { PaymentContext } from './payment/state.ts'
import { paymentSummaries } from './payment/summaries.ts'
import { ReconciliationCommand, ReconciliationEvent } from './reconciliation/events.ts'
import { reconciliationMachine } from './reconciliation/reconciliation.ts'
import { ReconciliationContext } from './reconciliation/state.ts'
import { SubscriptionCommand, SubscriptionEvent } from './subscription/events.ts'
import { SubscriptionContext } from './subscription/state.ts'
import { subscriptionMachine } from './subscription/subscription.ts'
import { subscriptionSummaries } from './subscription/summaries.ts'
import { subscriptionWants } from './subscription/wanted.ts'
import { EventEvent } from './webhook/events.ts'
import { EventContext } from './webhook/state.ts'
import { eventMachine } from './webhook/webhook.ts'

interface CommandSchema {
  readonly shape: { readonly type: { readonly value: string } }
}

function typesOf(commands: readonly CommandSchema[]): ReadonlySet<string> {
  return new Set(commands.map(({ shape }) => shape.type.value))
}

/**
 * Every actor type with its chart. `version` rises, with a migration, when what is stored changes
 * its shape; `requests` are its commands, the events that ask and can be refused.
 */
export const charts = {
  account: {
    type: 'account',
    version: 1,
    migrations: [],
    machine: accountMachine,
    context: AccountContext,
    events: AccountEvent,
    requests: typesOf(AccountCommand.options),
  },
  subscription: {
    type: 'subscription',
    version: 1,
    migrations: [],
    machine: subscriptionMachine,
    context: SubscriptionContext,
    events: SubscriptionEvent,
    wanted: subscriptionWants,
    summaries: subscriptionSummaries,
    requests: typesOf(SubscriptionCommand.options),
  },
  invoice: {
    type: 'invoice',
    version: 1,
    migrations: [],
    machine: invoiceMachine,
    context: InvoiceContext,
    events: InvoiceEvent,
    wanted: invoiceWants,
    summaries: invoiceSummaries,
    requests: typesOf(InvoiceCommand.options),
  },
  payment: {
    type: 'payment',
    version: 1,
    migrations: [],
    machine: paymentMachine,
    context: PaymentContext,
    events: PaymentEvent,
    summaries: paymentSummaries,
    requests: typesOf(PaymentCommand.options),
  },
  dunning: {
    type: 'dunning',
    version: 1,
    migrations: [],
    machine: dunningMachine,
    context: DunningContext,
    events: DunningEvent,
    summaries: dunningSummaries,
    requests: new Set<string>(),
  },
  event: {
    type: 'event',
    version: 1,
    migrations: [],
    machine: eventMachine,
    context: EventContext,
    events: EventEvent,
    requests: new Set<string>(),
  },
  reconciliation: {
    type: 'reconciliation',
    version: 1,
    migrations: [],
    machine: reconciliationMachine,
    context: ReconciliationContext,
    events: ReconciliationEvent,
    requests: typesOf(ReconciliationCommand.options),
  },
} as const
