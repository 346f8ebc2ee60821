import { ZodError } from 'zod'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Log } from '../../actors/ports.ts'
import { AccountContext } from '../../machines/account/state.ts'
import type { Catalog } from '../../machines/catalog/catalog.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { ChargeFacts, DisputeFacts, RefundFacts } from '../../machines/payment/facts.ts'
import { PaymentContext } from '../../machines/payment/state.ts'
import type { Drift } from '../../machines/reconciliation/events.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { canonical } from '../../values/json.ts'
import { addressedResult, type DatedObject, targetsOf } from './calls/observe.ts'
import type { Message } from './message.ts'
import { normaliseObject } from './normalise.ts'
import { derivedRef, plainRef, safeId, type Target } from './refs.ts'
import type { Links } from './resolve.ts'
import type { Resolver } from './resolve.ts'

export interface ComparisonPorts {
  readonly catalog: Catalog
  readonly log: Log
  /** From a provider's id to our actor; may lag. */
  readonly links: Links
  readonly resolver: Pick<Resolver, 'refsOf'>
  readonly head: (actor: ActorRef) => Promise<Entry | null>
}

/** How one object stands to what we know. Without drift there is nothing to tell. */
export interface Comparison {
  readonly drift: readonly Drift[]
  readonly tell: Tell | null
}

/** What the actor of an object is told that knows it differently. */
export interface Tell {
  /** Stripe's id of the object. */
  readonly objectId: string
  readonly to: ActorRef
  readonly event: Message['event']
  /** Null for a hint, which is of the moment at which it is told. */
  readonly occurredAt: Instant | null
}

export type Facts = Readonly<Record<string, unknown>>

type ListedObject = DatedObject<{ readonly id: string; readonly object: string }>

const agreed: Comparison = { drift: [], tell: null }

/**
 * Compares an object that Stripe has listed with the newest facts of its actor, both in our words.
 * Throws what reads of Stripe throw, where the object names another that we never heard of.
 */
export function createComparison(ports: ComparisonPorts) {
  const { catalog, log, links, head, resolver } = ports

  /** The list has shown the metadata: that it names no actor of ours needs no read. */
  async function listedRef({ type, ours, theirs }: Target): Promise<ActorRef> {
    if (ours !== null) return `${type}/${safeId(ours)}`
    const linked = type === 'account' || type === 'subscription' ? await links(type, theirs) : null
    return linked ?? derivedRef(type, theirs)
  }

  return async function compare({ object, at }: ListedObject, now: Instant): Promise<Comparison> {
    const webhook = { read: null, deleted: false, previous: null, asker: null }
    const reading = normaliseObject(object, { ...webhook, at, catalog })
    if (reading.outcome !== 'applied') {
      log.info('reconcile.object_skipped', { object: object.id, why: reading.why })
      return agreed
    }
    const [message] = reading.messages
    const theirs = message === undefined ? null : theirFacts(message)
    if (message === undefined || theirs === null) return agreed
    const to = await listedRef(message.target)
    const entry = await head(to)
    const ours = knownOf(entry, message)
    if (ours === null && message.newsTo === 'nobody') return agreed
    if (ours === 'unreadable') {
      log.warn('reconcile.actor_unreadable', { actor: to })
      return agreed
    }
    const drift = driftOf(to, ours, theirs)
    if (drift.length === 0) return agreed
    const objectId = object.id
    const hint = hintOf(message.event.type, objectId)
    if (hint !== null) return { drift, tell: { objectId, to, event: hint, occurredAt: null } }
    const refOf = await resolver.refsOf(targetsOf(message), { now, reader: 'sweep' })
    const { event } = addressedResult(message, refOf)
    return { drift, tell: { objectId, to, event, occurredAt: message.occurredAt } }
  }
}

/** For those of which a read can tell more than a list. The others take what was listed. */
function hintOf(type: string, id: string): Tell['event'] | null {
  switch (type) {
    case 'customer.observed':
      return { type: 'customer.hinted', provider: 'stripe', customer: id }
    case 'subscription.observed':
      return { type: 'subscription.hinted', provider: 'stripe', subscription: id }
    case 'invoice.observed':
      return { type: 'invoice.hinted', provider: 'stripe', invoice: id }
    default:
      return null
  }
}

/** What the message says of its object; null where it only hints. */
function theirFacts({ event, refs }: Message): Facts | null {
  if (event.type === 'payment.linked') {
    const invoice = refs.invoice ?? null
    return invoice === null ? null : { invoice: plainRef(invoice) }
  }
  const { facts } = event
  return typeof facts === 'object' && facts !== null && !Array.isArray(facts) ? facts : null
}

/**
 * The newest that the actor knows of the very object that the message speaks of; null for nothing.
 * One whose state is of another release must not hold up the walk.
 */
function knownOf(entry: Entry | null, { target, event }: Message): Facts | 'unreadable' | null {
  if (entry === null) return null
  const context = entry.snapshot.state['context']
  try {
    switch (target.type) {
      case 'account':
        return AccountContext.parse(context).customers.stripe?.facts ?? null
      case 'subscription':
        return SubscriptionContext.parse(context).observed?.facts ?? null
      case 'invoice':
        return InvoiceContext.parse(context).observed?.facts ?? null
      case 'payment':
        return knownOfPayment(PaymentContext.parse(context), event)
    }
  } catch (error) {
    if (error instanceof ZodError) return 'unreadable'
    throw error
  }
}

function knownOfPayment(payment: PaymentContext, event: Message['event']): Facts | null {
  switch (event.type) {
    case 'payment_intent.observed':
      return payment.intent?.facts ?? null
    case 'charge.observed':
      return payment.charges[ChargeFacts.parse(event['facts']).charge]?.facts ?? null
    case 'refund.observed':
      return payment.refunds[RefundFacts.parse(event['facts']).refund]?.facts ?? null
    case 'dispute.observed':
      return payment.disputes[DisputeFacts.parse(event['facts']).dispute]?.facts ?? null
    default:
      return payment.invoice === null ? null : { invoice: payment.invoice }
  }
}

/** Field by field; of an object that we knew nothing of, one line says so. */
export function driftOf(ref: ActorRef, ours: Facts | null, theirs: Facts): Drift[] {
  if (ours === null) return [{ ref, field: 'object', ours: null, theirs: 'known' }]
  return Object.keys(theirs)
    .filter((field) => canonical(ours[field]) !== canonical(theirs[field]))
    .map((field) => ({
      ref,
      field,
      ours: shownValue(field, ours[field]),
      theirs: shownValue(field, theirs[field]),
    }))
}

/** Longer values are cut: the objects themselves are where to look. */
const valueMax = 200

function shownValue(field: string, value: unknown): string | null {
  if (value === undefined || value === null) return null
  return field === 'email' ? '…' : canonical(value).slice(0, valueMax)
}
