import type { Stripe } from 'stripe'
import type { Charts } from '../actors/chart.ts'
import type { Counts } from '../actors/counters.ts'
import type { Limits } from '../actors/limits.ts'
import type { Clock, Log, Mailer, Performer, Store } from '../actors/ports.ts'
import { createRuntime, type Runtime } from '../actors/runtime.ts'
import { chargeableMethod } from '../machines/account/payment-method.ts'
import { AccountContext } from '../machines/account/state.ts'
import type { Catalog } from '../machines/catalog/catalog.ts'
import type { DunningPolicy } from '../machines/dunning/policy.ts'
import { charts } from '../machines/index.ts'
import { createMailPerformer } from '../providers/mail/perform.ts'
import { createStripePerformer } from '../providers/stripe/perform.ts'
import type { ReadBudget } from '../providers/stripe/read-budget.ts'
import type { StripeReceiver } from '../providers/stripe/receive.ts'
import { createReconciliation, type Reconciliation } from '../providers/stripe/reconciliation.ts'
import { isActorRef, type ActorRef } from '../values/ids.ts'
import { plusMs } from '../values/instant.ts'
import { accountsView } from '../views/accounts.ts'
import { entitlementsView } from '../views/entitlements.ts'
import { invoicesView } from '../views/invoices.ts'
import { ledgerView } from '../views/ledger.ts'
import { customerLinks, subscriptionLinks } from '../views/links.ts'

export const views = [
  accountsView,
  entitlementsView,
  invoicesView,
  customerLinks,
  subscriptionLinks,
  ledgerView,
]

/** What is not attached after this is not waited for: the customer can still confirm by hand. */
const attachingMs = 60_000

export interface EngineParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly counts: Counts
  readonly catalog: Catalog
  readonly policy: DunningPolicy
  readonly stripe: Stripe
  /** Of this process: all that reads Stripe shares it. */
  readonly reads: ReadBudget
  /** Where a customer's browser goes after authenticating a payment. */
  readonly returnUrl: string
  readonly mailer: Mailer
  /** By default today's. */
  readonly charts?: Charts
}

/** The runtime with this business's charts, views and performers. */
export function composeEngine(parts: EngineParts): Runtime {
  const { store, policy, mailer } = parts

  async function accountAt(ref: string): Promise<AccountContext | null> {
    if (!isActorRef(ref)) return null
    const head = await store.head(ref)
    return head ? AccountContext.parse(head.snapshot.state['context']) : null
  }

  const policies: Performer = {
    kinds: ['policy.read'],
    // The case is of the day on which it began: learned late, its first steps are late as well.
    perform: async ({ occurredAt }) => [{ event: { type: 'policy.given', policy }, occurredAt }],
  }
  const stripe = createStripePerformer({
    ...parts,
    entry: (actor, seq) => store.entry(actor, seq),
    accounts: async (ref) => {
      const account = await accountAt(ref)
      if (!account?.customer) return null
      const method = chargeableMethod(account)
      return {
        customer: account.customer.facts.customer,
        defaultPaymentMethod: method?.paymentMethod ?? null,
        isAttaching: Object.values(account.attaching).some(
          (at) => at > plusMs(parts.clock.now(), -attachingMs),
        ),
      }
    },
    links: (theirs) => linkTo(store, theirs),
  })
  const mail = createMailPerformer({
    mailer,
    log: parts.log,
    addressOf: async (ref) => (await accountAt(ref))?.email ?? null,
  })
  return createRuntime({ charts, ...parts, views, performers: [stripe, mail, policies] })
}

export interface ReconciliationParts {
  readonly runtime: Runtime
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly catalog: Catalog
  readonly stripe: Stripe
  readonly receiver: StripeReceiver
  /** The engine's. */
  readonly reads: ReadBudget
}

/** What the job `reconcile` runs: it finds what webhooks missed. */
export function composeReconciliation(parts: ReconciliationParts): Reconciliation {
  const { store } = parts
  return createReconciliation({
    ...parts,
    links: (theirs) => linkTo(store, theirs),
  })
}

async function linkTo(store: Store, theirs: string): Promise<ActorRef | null> {
  const view = theirs.startsWith('cus_') ? customerLinks : subscriptionLinks
  const ref = (await store.viewRow(view.name, theirs))?.['ref']
  return isActorRef(ref) ? ref : null
}
