import type { Stripe } from 'stripe'
import { z } from 'zod'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Clock, Views } from '../../actors/ports.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import { PaymentMethodFacts } from '../../machines/account/facts.ts'
import { AccountContext } from '../../machines/account/state.ts'
import type { Catalog } from '../../machines/catalog/catalog.ts'
import type { Drift } from '../../machines/reconciliation/events.ts'
import { ActorRef } from '../../values/ids.ts'
import { customerLinks } from '../../views/links.ts'
import { isMissing } from './calls/failures.ts'
import { timed } from './calls/observe.ts'
import { driftOf, type Comparison } from './compare.ts'
import { normaliseObject } from './normalise.ts'
import type { ReadBudget } from './read-budget.ts'

export interface WalletsPorts {
  readonly stripe: Stripe
  readonly clock: Clock
  readonly catalog: Catalog
  readonly store: Pick<Views, 'viewRows'>
  /** The actor's newest entry, as today's chart reads it. */
  readonly head: (actor: ActorRef) => Promise<Entry | null>
  readonly reads: ReadBudget
}

/** A read for each: few, so that little is read again if a page is cut short. */
const accountsPerPage = 10

const Link = z.object({ ref: ActorRef })

/**
 * Walks through our own accounts: payment methods stand in no list of their own, and a customer
 * that Stripe has deleted in none at all.
 */
export function createWallets({ stripe, clock, catalog, store, head, reads }: WalletsPorts) {
  /** What Stripe shows as attached, by id; null for a customer that is gone. */
  async function attachedTo(customer: string): Promise<Map<string, PaymentMethodFacts> | null> {
    const now = clock.now()
    try {
      const list = () => stripe.customers.listPaymentMethods(customer, { limit: 100 })
      const reading = { keys: [customer], now, reader: 'sweep' } as const
      const { object: page, at } = await reads.spend(reading, () => timed(clock, now, list))
      const seen = { at, read: null, deleted: false, previous: null, asker: null, catalog }
      const methods = page.data.flatMap((method) => {
        const reading = normaliseObject(method, seen)
        return reading.outcome === 'applied' ? reading.messages : []
      })
      const facts = methods.map(({ event }) => PaymentMethodFacts.parse(event['facts']))
      return new Map(facts.map((method) => [method.paymentMethod, method]))
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async function compare(customer: string, ref: ActorRef): Promise<Comparison> {
    const entry = await head(ref)
    const account = entry === null ? null : contextOf(entry, AccountContext)
    const known = account?.customers.stripe?.facts
    if (account === null || known === undefined || known.deleted) return { drift: [], tell: null }
    const theirs = await attachedTo(customer)
    const drift = theirs === null ? [gone(ref)] : walletDrift(ref, account, theirs)
    if (drift.length === 0) return { drift, tell: null }
    const event = { type: 'customer.hinted', provider: 'stripe', customer }
    // The customer itself may have been observed in the same sweep already.
    return { drift, tell: { objectId: `${customer}~wallet`, to: ref, event, occurredAt: null } }
  }

  /** The keys of this provider's customers. */
  const prefix = 'stripe/'

  return async function walletsPage(cursor: string | null) {
    const rows = await store.viewRows(customerLinks.name, prefix, {
      cursor,
      limit: accountsPerPage,
    })
    const findings: Comparison[] = []
    for (const { key, value } of rows.items)
      findings.push(await compare(key.slice(prefix.length), Link.parse(value).ref))
    return { findings, next: rows.cursor }
  }
}

function gone(ref: ActorRef): Drift {
  return { ref, field: 'deleted', ours: 'false', theirs: 'true' }
}

function walletDrift(
  ref: ActorRef,
  { paymentMethods }: AccountContext,
  theirs: ReadonlyMap<string, PaymentMethodFacts>,
): Drift[] {
  const missed = [...theirs.values()].flatMap((facts) =>
    driftOf(ref, paymentMethods[facts.paymentMethod]?.facts ?? null, facts),
  )
  const detached = Object.values(paymentMethods)
    .filter(({ facts }) => facts.attached && !theirs.has(facts.paymentMethod))
    .map(() => ({ ref, field: 'attached', ours: 'true', theirs: 'false' }))
  return [...missed, ...detached]
}
