import type { Stripe } from 'stripe'
import type { Performer } from '../../actors/delivery/performer.ts'
import { RetryLater } from '../../actors/port-errors.ts'
import type { ClaimedEffect, Clock } from '../../actors/ports.ts'
import type { Catalog } from '../../machines/catalog/catalog.ts'
import { EffectRequest, type ProviderEffect } from '../../machines/effects.ts'
import type { AccountRef } from '../../machines/refs.ts'
import { type Instant, msOf, msPerHour } from '../../values/instant.ts'
import type { Result } from '../result.ts'
import { setupErrorIn, type StripeAccess } from './access.ts'
import { applyEvent, type EntryAt } from './calls/apply.ts'
import {
  type AccountAtStripe,
  type Call,
  type CallPorts,
  callOf,
  mayBeDone,
  msUnderWay,
  type Command,
  rejected,
} from './calls/call.ts'
import { customerCreate } from './calls/customers.ts'
import {
  failureOf,
  isDecline,
  isKeyReused,
  isMissing,
  isRateLimit,
  isRefusal,
  isStoredFailure,
  retryAfterMs,
  shown,
} from './calls/failures.ts'
import { invoicePay, invoiceVoid } from './calls/invoices.ts'
import { paymentMethodAttach } from './calls/payment-methods.ts'
import { paymentCancel, paymentCharge, paymentConfirm, paymentRefund } from './calls/payments.ts'
import { createPlans } from './calls/plans.ts'
import { objectRead } from './calls/reads.ts'
import {
  subscriptionCancel,
  subscriptionCreate,
  subscriptionUpdate,
} from './calls/subscriptions.ts'
import type { ReadBudget } from './read-budget.ts'
import type { RecentEvents } from './recent-events.ts'
import type { Links } from './resolve.ts'
import { createResolver } from './resolve.ts'

export interface StripePerformerOptions {
  readonly stripe: Stripe
  /** Tells how long a call took, which bounds how old its answer may be. */
  readonly clock: Clock
  readonly catalog: Catalog
  /** The account's customer, as its actor knows it; null while there is none. */
  readonly accounts: (account: AccountRef) => Promise<AccountAtStripe | null>
  /** The journal, where an event's actor keeps its body. */
  readonly entry: EntryAt
  /** What the receiver of this process took a moment ago. */
  readonly recent: Pick<RecentEvents, 'take'>
  /** From a provider's id to our actor; may lag, and answer null for what it does not know yet. */
  readonly links: Links
  /** Shared with whatever else reads Stripe in this process. */
  readonly reads: ReadBudget
  /** Hears what Stripe does not let our key do. */
  readonly access: Pick<StripeAccess, 'refusedFor' | 'workedFor'>
  /** Where a customer's browser goes after authenticating a payment. */
  readonly returnUrl: string
}

type Kind = ProviderEffect['kind']
type EffectOf = { readonly [K in Kind]: Extract<ProviderEffect, { kind: K }> }
type Commands = { readonly [K in Kind]: Command<EffectOf[K]> }

/**
 * What each effect does at Stripe, beside how it is found there again: none may have only the
 * first.
 */
const commands = {
  'customer.create': customerCreate,
  'payment_method.attach': paymentMethodAttach,
  'provider.create_subscription': subscriptionCreate,
  'payment_intent.confirm': paymentConfirm,
  'provider.update_subscription': subscriptionUpdate,
  'provider.cancel_subscription': subscriptionCancel,
  'provider.pay_invoice': invoicePay,
  'provider.void_invoice': invoiceVoid,
  'payment.charge': paymentCharge,
  'payment_intent.cancel': paymentCancel,
  'payment.refund': paymentRefund,
  'object.read': objectRead,
} satisfies Commands

/** Stripe forgets a key after 24 hours at the earliest; an hour is kept for calls under way. */
const keyWindowMs = 23 * msPerHour

/**
 * Does at Stripe what actors ask for. At most once, over any number of tries: within a day by
 * Stripe's idempotency keys, and before every further try by a read of what the tries before have
 * left.
 */
export function createStripePerformer(options: StripePerformerOptions): Performer {
  const { stripe, catalog, entry, recent, links, reads, access } = options
  const ports: CallPorts = {
    ...options,
    resolver: createResolver({ stripe, links, reads }),
    ensurePrice: createPlans(stripe, catalog),
  }

  async function run(claimed: ClaimedEffect, now: Instant) {
    const effect = EffectRequest.parse(claimed.effect)
    if (effect.kind === 'event.apply')
      return await applyEvent({ claimed, now, ports, entry, recent })
    const own = doneHere(effect)
    return await perform(own.kind, callOf(own, { claimed, now, ports }))
  }

  async function find(claimed: ClaimedEffect, now: Instant) {
    const effect = doneHere(EffectRequest.parse(claimed.effect))
    return await lookUp(effect.kind, callOf(effect, { claimed, now, ports }))
  }

  async function saying<T>(
    { effect: { kind } }: ClaimedEffect,
    now: Instant,
    calls: () => Promise<T>,
  ): Promise<T> {
    try {
      const answer = await calls()
      access.workedFor(kind)
      return answer
    } catch (error) {
      if (isRateLimit(error)) reads.slowDown(now, retryAfterMs(error))
      const failure = failureOf(error)
      const setup = setupErrorIn(failure)
      if (setup !== null) access.refusedFor(kind, setup)
      throw failure
    }
  }

  return {
    provider: 'stripe',
    kinds: [...Object.keys(commands), 'event.apply'],
    perform: (claimed, now) => saying(claimed, now, () => run(claimed, now)),
    lookUp: (claimed, now) => saying(claimed, now, () => find(claimed, now)),
  }
}

function doneHere(effect: EffectRequest): ProviderEffect {
  switch (effect.kind) {
    case 'tell':
    case 'email.send':
    case 'policy.read':
    case 'event.apply':
      throw new Error(`${effect.kind} is not done at Stripe`)
    default:
      return effect
  }
}

/** What was done of it, where that is not wanted any more: null only where nothing can follow. */
async function lookUp<K extends Kind>(
  kind: K,
  call: Call<EffectOf[K]>,
): Promise<readonly Result[] | null> {
  if (!mayBeDone(call)) return null
  const command: Commands[K] = commands[kind]
  const found = await foundBy(
    () => (command.lookUp === undefined ? command.readBack(call) : command.lookUp(call)),
    { mayBeRefused: false },
  )
  const afterMs = found === null ? msUnderWay(call) : 0
  if (afterMs === 0) return found
  throw new RetryLater('it may be under way at Stripe still', { counts: false, afterMs })
}

async function perform<K extends Kind>(
  kind: K,
  call: Call<EffectOf[K]>,
): Promise<readonly Result[]> {
  try {
    const command: Commands[K] = commands[kind]
    return await performOnce<K>(command, call)
  } catch (error) {
    if (!isStoredFailure(error)) throw error
    const message = 'Stripe has stored a failure under this idempotency key'
    throw new RetryLater(message, { newAttempt: true, cause: error })
  }
}

async function performOnce<K extends Kind>(
  command: Commands[K],
  call: Call<EffectOf[K]>,
): Promise<readonly Result[]> {
  if (mayBeDone(call)) {
    const found = await foundBy(() => command.readBack(call), {
      mayBeRefused: !isKeyStale(call),
    })
    if (found !== null) return found
    refuseStaleKey(call)
  }
  try {
    return await command.perform(call)
  } catch (error) {
    if (isDecline(error)) return [refusal(call.effect, error)]
    if (!isRefusal(error) && !isStoredFailure(error) && !isKeyReused(error)) throw error
    // It may be refused for being done already, or have been done before the failure was stored, or
    // under its key with what it had then.
    const found = await foundBy(() => command.readBack(call), { mayBeRefused: isRefusal(error) })
    if (found !== null) return found
    if (!isRefusal(error)) throw error
    return [refusal(call.effect, error)]
  }
}

/**
 * What is not there at all was not done either. A search that Stripe refuses (for an e-mail that it
 * takes nowhere) finds nothing, too, where the key or a refusal before it makes sure that nothing
 * is done twice.
 */
async function foundBy(
  look: () => Promise<readonly Result[] | null>,
  { mayBeRefused }: { mayBeRefused: boolean },
): Promise<readonly Result[] | null> {
  try {
    return await look()
  } catch (error) {
    if (isMissing(error) || (mayBeRefused && isRefusal(error))) return null
    throw error
  }
}

function refusal(effect: ProviderEffect, error: Stripe.errors.StripeError): Result {
  const { decline_code: declineCode, code } = error
  return rejected(effect, declineCode ?? code ?? 'invalid_request', shown(error))
}

/** Throws RetryLater for a new attempt where Stripe may have forgotten the key of this one. */
function refuseStaleKey(call: Call<ProviderEffect>): void {
  if (!isKeyStale(call)) return
  const message = 'Stripe may have forgotten the idempotency key; nothing was done under it'
  throw new RetryLater(message, { newAttempt: true, afterMs: 0 })
}

function isKeyStale({ effect, claimed, now }: Call<ProviderEffect>): boolean {
  if (effect.kind === 'object.read') return false
  return msOf(now) - msOf(claimed.firstTriedAt) >= keyWindowMs
}
