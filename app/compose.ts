import type { Stripe } from 'stripe'
import type { Charts } from '../actors/decision/chart.ts'
import { createDecider } from '../actors/decision/decide.ts'
import type { Limits } from '../actors/limits.ts'
import type { Performer } from '../actors/delivery/performer.ts'
import type { Clock, Log, Store } from '../actors/ports.ts'
import { projector } from '../actors/projections.ts'
import { contextOf } from '../actors/decision/read-snapshot.ts'
import { createRuntime, type Runtime } from '../actors/runtime.ts'
import { createApp } from '../http/app.ts'
import type { HttpDeps } from '../http/deps.ts'
import type { App } from '../http/env.ts'
import type { HttpMetrics } from '../http/operations/metrics.ts'
import { chargeableMethod } from '../machines/account/payment-method.ts'
import { AccountContext } from '../machines/account/state.ts'
import type { Catalog } from '../machines/catalog/catalog.ts'
import type { DunningPolicy } from '../machines/dunning/policy.ts'
import { charts } from '../machines/index.ts'
import type { Mailer } from '../providers/mail/mailer.ts'
import { createMailPerformer } from '../providers/mail/perform.ts'
import { createStripeAccess, type StripeAccess } from '../providers/stripe/access.ts'
import { createStripePerformer } from '../providers/stripe/perform.ts'
import type { ReadBudget } from '../providers/stripe/read-budget.ts'
import {
  createStripeReceiver,
  type ReceiverOptions,
  type StripeReceiver,
} from '../providers/stripe/receive.ts'
import { createRecentEvents, type RecentEvents } from '../providers/stripe/recent-events.ts'
import { createReconciliation, type Reconciliation } from '../providers/stripe/reconciliation.ts'
import { isActorRef } from '../values/ids.ts'
import { plusMs } from '../values/instant.ts'
import { accountsView } from '../views/accounts.ts'
import { entitlementsView } from '../views/entitlements.ts'
import { invoicesView } from '../views/invoices.ts'
import { ledgerView } from '../views/ledger.ts'
import { createLinks, customerLinks, subscriptionLinks } from '../views/links.ts'
import { mountReturn } from '../web/return.tsx'

export const views = [
  accountsView,
  entitlementsView,
  invoicesView,
  customerLinks,
  subscriptionLinks,
  ledgerView,
]

/** Today's charts, as they read what any release wrote. */
export const today = createDecider(charts)

/** What every view makes of an entry, whichever release wrote it. */
export const project = projector(views, (entry) => today.read(entry))

/** What is not attached after this is not waited for: the customer can still confirm by hand. */
const attachingMs = 60_000

/** The adapters that one process is made of. */
export interface EngineParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly metrics: HttpMetrics
  readonly catalog: Catalog
  readonly policy: DunningPolicy
  readonly stripe: Stripe
  /** Of this process: all that reads Stripe shares it. */
  readonly reads: ReadBudget
  /** Which webhooks of Stripe are believed. */
  readonly webhooks: ReceiverOptions
  /** Where a customer's browser goes after authenticating a payment. */
  readonly returnUrl: string
  readonly mailer: Mailer
  /** By default today's. */
  readonly charts?: Charts
  /** By default those of every provider, of mail and of the dunning policy. */
  readonly performers?: readonly Performer[]
  /** What takes the place of each performer: by default nothing does. */
  readonly around?: (real: Performer) => Performer
}

/** What runs behind the HTTP door. */
export interface Engine {
  readonly runtime: Runtime
  readonly receiver: StripeReceiver
  /** What the job `reconcile` runs: it finds what webhooks missed. */
  readonly reconciliation: Reconciliation
  /** What the provider does not let our key do, and what to mend. */
  readonly access: Pick<StripeAccess, 'trouble'>
}

/**
 * The runtime with this business's charts, views and performers, and what feeds it. Production,
 * tests and benchmarks are all composed here and in `composeApp`.
 */
export function composeEngine(parts: EngineParts): Engine {
  const recent = createRecentEvents()
  const { around = (real) => real } = parts
  const access = createStripeAccess(parts.log)
  const performers = parts.performers ?? performersOf(parts, { recent, access })
  const runtime = createRuntime({
    charts,
    ...parts,
    counts: parts.metrics.runtime,
    views,
    performers: performers.map((real) => around(real)),
  })
  const receiver = createStripeReceiver(parts.webhooks, recent)
  const { store, clock, log, catalog, stripe, reads } = parts
  const reconciliation = createReconciliation({
    store,
    clock,
    log,
    catalog,
    stripe,
    reads,
    runtime,
    receiver,
    links: createLinks(store, 'stripe'),
  })
  return { runtime, receiver, reconciliation, access }
}

export interface AppParts extends Pick<
  HttpDeps,
  'runtime' | 'keys' | 'limits' | 'sandbox' | 'scheduler' | 'access' | 'timers' | 'lagMs'
> {
  readonly receiver: StripeReceiver
}

/** The HTTP API, with its pages, in front of an engine of the same parts. */
export function composeApp(parts: EngineParts, { receiver, ...door }: AppParts): App {
  const { store, clock, log, metrics, catalog } = parts
  return createApp({
    pages: [mountReturn],
    store,
    clock,
    log,
    metrics,
    catalog,
    provider: 'stripe',
    charts: parts.charts ?? charts,
    stripeWebhooks: receiver,
    ...door,
  })
}

interface StripeParts {
  readonly recent: RecentEvents
  readonly access: StripeAccess
}

function performersOf(parts: EngineParts, { recent, access }: StripeParts): readonly Performer[] {
  const { store, policy, mailer } = parts
  const reader = parts.charts === undefined ? today : createDecider(parts.charts)

  async function accountAt(ref: string): Promise<AccountContext | null> {
    if (!isActorRef(ref)) return null
    const head = await store.head(ref)
    return head ? contextOf(reader.read(head), AccountContext) : null
  }

  const policies: Performer = {
    provider: null,
    kinds: ['policy.read'],
    // The case is of the day on which it began: learned late, its first steps are late as well.
    perform: async ({ occurredAt }) => [{ event: { type: 'policy.given', policy }, occurredAt }],
  }
  const stripe = createStripePerformer({
    ...parts,
    recent,
    access,
    entry: (actor, seq) => store.entry(actor, seq),
    accounts: async (ref) => {
      const account = await accountAt(ref)
      const customer = account?.customers.stripe?.facts
      if (account === null || customer === undefined) return null
      const method = chargeableMethod(account)
      return {
        customer: customer.customer,
        defaultPaymentMethod: method?.paymentMethod ?? null,
        isAttaching: Object.values(account.attaching).some(
          (at) => at > plusMs(parts.clock.now(), -attachingMs),
        ),
      }
    },
    links: createLinks(store, 'stripe'),
  })
  const mail = createMailPerformer({
    mailer,
    log: parts.log,
    addressOf: async (ref) => (await accountAt(ref))?.email ?? null,
  })
  return [stripe, mail, policies]
}
