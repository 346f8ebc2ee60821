import type { Stripe } from 'stripe'
import type { z } from 'zod'
import type { Clock } from '../../../actors/ports.ts'
import { AccountObservation } from '../../../machines/account/events.ts'
import type { ObjectRead } from '../../../machines/effects.ts'
import { InvoiceObservation } from '../../../machines/invoice/events.ts'
import { PaymentObservation } from '../../../machines/payment/events.ts'
import { SubscriptionObservation } from '../../../machines/subscription/events.ts'
import { type ActorRef, idOf } from '../../../values/ids.ts'
import { type Instant, instant, msOf } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import type { Message } from '../message.ts'
import { isNewsTo } from '../news.ts'
import { normaliseObject } from '../normalise.ts'
import type { Target } from '../refs.ts'
import type { RefOf } from '../resolve.ts'
import type { CallPorts } from './call.ts'
import { isMissing } from './failures.ts'

export type ObjectKind = z.infer<typeof ObjectRead>['object']

type StripeAnswer = Promise<Stripe.Response<{ object: string }>>

const retrieve: Readonly<Record<ObjectKind, (stripe: Stripe, id: string) => StripeAnswer>> = {
  customer: (stripe, id) => stripe.customers.retrieve(id),
  payment_method: (stripe, id) => stripe.paymentMethods.retrieve(id),
  subscription: (stripe, id) => stripe.subscriptions.retrieve(id),
  // Why a charge failed stands in its payment alone, and is not in any webhook of the invoice.
  invoice: (stripe, id) =>
    stripe.invoices.retrieve(id, { expand: ['payments.data.payment.payment_intent'] }),
  payment_intent: (stripe, id) => stripe.paymentIntents.retrieve(id),
  charge: (stripe, id) => stripe.charges.retrieve(id),
  refund: (stripe, id) => stripe.refunds.retrieve(id),
  dispute: (stripe, id) => stripe.disputes.retrieve(id),
}

export interface Observation {
  readonly kind: ObjectKind
  readonly id: string
  /** Who is told, and the seq of the entry that asked; null makes it weigh as a webhook does. */
  readonly asker: ActorRef
  readonly read: number | null
}

interface ReadContext {
  readonly now: Instant
  readonly ports: CallPorts
}

/** Reads an object at Stripe, now, and says what its actors are to be told. */
export async function observe(
  observation: Observation,
  { now, ports }: ReadContext,
): Promise<readonly Result[]> {
  const { kind, id } = observation
  const missing: Result = { event: { type: 'object.missing', object: kind, id } }
  if (id === '') return [missing]
  try {
    const shown = await timed(ports.clock, now, () => retrieve[kind](ports.stripe, id))
    return await said(shown, observation, { now, ports })
  } catch (error) {
    if (isMissing(error)) return [missing]
    throw error
  }
}

/** What an object that Stripe has shown says, of itself to whoever asked, and of others to them. */
export async function said(
  { object, at }: DatedObject<{ object: string }>,
  { kind, id, asker, read }: Observation,
  { now, ports }: ReadContext,
): Promise<readonly Result[]> {
  const { catalog } = ports
  const asking: Target = { type: 'account', ours: idOf(asker), theirs: null }
  const seen = { at, read, deleted: false, previous: null, catalog, asker: asking }
  const reading = normaliseObject(object, seen)
  if (reading.outcome !== 'applied') {
    throw new Error(`Stripe’s ${kind} ${id} could not be read: ${reading.why}`)
  }
  const [own, ...others] = reading.messages
  if (own === undefined) return []
  // What the object says of itself is for whoever asked, under whatever name Stripe knows them.
  const targets = [...refsIn(own), ...others.flatMap(targetsOf)]
  const refOf = await ports.resolver.refsOf(targets, { now, reader: 'ongoing' })
  const news = await toldNews(others, { refOf, ports })
  return [named(own, refOf), ...news]
}

/**
 * The messages as they are told to the actors that they mean, but for those that are news to
 * nobody.
 */
export async function toldNews(
  messages: readonly Message[],
  { refOf, ports }: { refOf: RefOf; ports: Pick<CallPorts, 'resolver'> },
): Promise<(Result & { readonly to: ActorRef })[]> {
  const results: (Result & { readonly to: ActorRef })[] = []
  for (const message of messages) {
    const result = addressedResult(message, refOf)
    if (await isNewsTo(result.to, message, ports)) results.push(result)
  }
  return results
}

function refsIn({ refs }: Message): Target[] {
  return Object.values(refs).filter((ref) => ref !== null)
}

/** All that must be resolved before the message can be told. */
export function targetsOf(message: Message): Target[] {
  return [message.target, ...refsIn(message)]
}

/** What a provider may say of its objects, and which actor they belong to. */
const observations = {
  account: AccountObservation,
  subscription: SubscriptionObservation,
  invoice: InvoiceObservation,
  payment: PaymentObservation,
} as const

/** A message's event with every actor in it named. */
function named({ target, event, refs, occurredAt }: Message, refOf: RefOf): Result {
  const names: Record<string, ActorRef | null> = {}
  for (const [field, ref] of Object.entries(refs)) names[field] = ref === null ? null : refOf(ref)
  return { event: observations[target.type].parse({ ...event, ...names }), occurredAt }
}

/** A message as it is told to the actor that it means. */
export function addressedResult(
  message: Message,
  refOf: RefOf,
): Result & { readonly to: ActorRef } {
  return { ...named(message, refOf), to: refOf(message.target) }
}

/** What Stripe answered, and its time of it. */
export interface DatedObject<T> {
  readonly object: T
  readonly at: Instant
}

/**
 * Stripe's time of what it answered, in whole seconds, and never later than the state it shows: the
 * answer's own stamp, less all the time that the call took.
 */
export async function timed<T>(
  clock: Clock,
  now: Instant,
  call: () => Promise<Stripe.Response<T>>,
): Promise<DatedObject<Stripe.Response<T>>> {
  const begun = msOf(clock.now())
  const object = await call()
  const tookMs = Math.max(0, msOf(clock.now()) - begun)
  const stampMs = Date.parse(stampOf(object.lastResponse) ?? '')
  const ms = Number.isNaN(stampMs) ? Math.min(begun, msOf(now)) : stampMs - tookMs
  return { object, at: instant(Math.floor(ms / 1000) * 1000) }
}

/** The SDK's types know one form of the headers; over a `fetch` it hands on the other. */
function stampOf({ headers }: { readonly headers: object }): string | null {
  if (headers instanceof Headers) return headers.get('date')
  return 'date' in headers && typeof headers.date === 'string' ? headers.date : null
}
