import { createHash } from 'node:crypto'
import type { Stripe } from 'stripe'
import { RetryLater } from '../../../actors/port-errors.ts'
import type { ClaimedEffect, Clock } from '../../../actors/ports.ts'
import type { Catalog } from '../../../machines/catalog/catalog.ts'
import type { ProviderEffect } from '../../../machines/effects.ts'
import type { AccountRef } from '../../../machines/refs.ts'
import type { ActorRef } from '../../../values/ids.ts'
import { type Instant, msOf } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import type { ReadBudget } from '../read-budget.ts'
import type { Resolver } from '../resolve.ts'
import type { EnsurePrice } from './plans.ts'

export interface AccountAtStripe {
  /** `cus_…` */
  readonly customer: string
  readonly defaultPaymentMethod: string | null
  /** True while a payment method that was just added is on its way to Stripe. */
  readonly isAttaching: boolean
}

/** What every call may use. */
export interface CallPorts {
  readonly stripe: Stripe
  readonly clock: Clock
  readonly catalog: Catalog
  readonly resolver: Resolver
  readonly reads: ReadBudget
  readonly ensurePrice: EnsurePrice
  /** Null while the account has no customer at Stripe. */
  readonly accounts: (account: AccountRef) => Promise<AccountAtStripe | null>
  /** Where a customer's browser goes after authenticating. */
  readonly returnUrl: string
}

/** One performing of one effect. */
export interface Call<Effect> {
  readonly effect: Effect
  readonly claimed: ClaimedEffect
  readonly now: Instant
  readonly ports: CallPorts
  /** The options of a POST: its idempotency key. Each POST of one effect has a part of its own. */
  keyed(part?: string): { idempotencyKey: string }
}

export interface Command<Effect> {
  /** Does it, and says what the asker is to be told. Throws what the SDK throws. */
  perform(call: Call<Effect>): Promise<readonly Result[]>
  /**
   * Looks whether it was done already: what `perform` would have said then, or null if it was not.
   */
  readBack(call: Call<Effect>): Promise<readonly Result[] | null>
  /** The same, and nothing more, where `readBack` waits or goes on with what it finds. */
  lookUp?(call: Call<Effect>): Promise<readonly Result[] | null>
}

export function callOf<Effect extends ProviderEffect>(
  effect: Effect,
  { claimed, now, ports }: { claimed: ClaimedEffect; now: Instant; ports: CallPorts },
): Call<Effect> {
  return {
    effect,
    claimed,
    now,
    ports,
    keyed: (part) => ({ idempotencyKey: idempotencyKey(claimed, part) }),
  }
}

/** A first try is under way for no longer than this. */
const firstTryMs = 60_000

/** A try that was given up without an answer is not under way at Stripe any more after this. */
const lastTryMs = 120_000

/**
 * How much longer what was not found may still be made, by a try whose answer did not come. Each
 * wait between tries is about as long as all before it, so that the last one is old enough where
 * the first is twice as old.
 */
export function msUnderWay({ claimed, now }: Call<unknown>): number {
  return Math.max(0, lastTryMs - (msOf(now) - msOf(claimed.firstTriedAt)))
}

/**
 * True unless this is the effect's first try: something may have been done. The tries alone do not
 * tell, because one that waits for something of ours uses up none.
 */
export function mayBeDone({ claimed, now }: Call<unknown>): boolean {
  return claimed.tries > 0 || msOf(now) - msOf(claimed.firstTriedAt) >= firstTryMs
}

/** Stripe takes up to 255 characters; a longer key is told by its digest. */
function idempotencyKey({ effect, attempt }: ClaimedEffect, part?: string): string {
  const key = [effect.id, attempt, ...(part === undefined ? [] : [part])].join(':')
  if (key.length <= 255) return key
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** What our own effects are about to bring is there in a moment, and a person waits for it. */
export const ownWait = { counts: false, afterMs: 250 } as const

/** The account's customer. Throws RetryLater, which uses up no tries, while it has none. */
export async function customerOf(
  account: AccountRef,
  { accounts }: Pick<CallPorts, 'accounts'>,
): Promise<AccountAtStripe> {
  const known = await accounts(account)
  if (known !== null) return known
  throw new RetryLater(`${account} has no customer at Stripe yet`, ownWait)
}

/** A command that Stripe will never accept. The message carries no secrets. */
export function rejected(effect: ProviderEffect, code: string, message: string): Result {
  return { event: { type: 'effect.rejected', effect: effect.kind, code, message } }
}

/** What was read for one actor, told to another. */
export function addressed(results: readonly Result[], to: ActorRef): readonly Result[] {
  return results.map((result) => (result.to === undefined ? { ...result, to } : result))
}
