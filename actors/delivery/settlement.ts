import { msOf, plusMs, type Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { backOffMs } from './back-off.ts'
import { errorText } from '../error-text.ts'
import type { Limits } from '../limits.ts'
import { RetryLater, StoreUnavailable } from '../port-errors.ts'
import type { ClaimedEffect, Settlement } from '../ports.ts'
import { SnapshotTooNew } from '../decision/upgrade.ts'

// What the outcome of one try means: done, again later, or parked. Pure.

export function doneWith(claimed: ClaimedEffect, result: JsonObject | null): Settlement {
  const { id } = claimed.effect
  return { id, outcome: 'done', ...(result !== null && { result }) }
}

/** Gives up a claim that was never tried: it is due at once, and as new. */
export function released({ effect, attempt }: ClaimedEffect, now: Instant): Settlement {
  const error = 'not tried: its process stopped'
  return { id: effect.id, outcome: 'retry', at: now, error, tries: 0, attempt, firstTriedAt: null }
}

export interface Failure {
  readonly claimed: ClaimedEffect
  readonly error: unknown
  readonly now: Instant
  /** True of one whose actor is asked about it: it is never given up for want of an answer. */
  readonly keepsUp: boolean
}

/** What follows from a try that threw. */
export function afterFailure(
  { claimed, error, now, keepsUp }: Failure,
  limits: Limits,
): Settlement {
  const later = asRetry(error)
  if (later === null) {
    return { id: claimed.effect.id, outcome: 'parked', at: now, error: errorText(error) }
  }
  return retried(claimed, later, { now, limits, keepsUp })
}

/** True if so many tries have ended without a word that it may be what kills the process. */
export function isSuspect({ tries }: ClaimedEffect, limits: Limits): boolean {
  return tries >= limits.tries
}

/**
 * Our own store's silence, and a state that only a newer process can read, are nothing of the
 * effect's.
 */
function asRetry(error: unknown): RetryLater | null {
  if (error instanceof RetryLater) return error
  if (error instanceof StoreUnavailable || error instanceof SnapshotTooNew) {
    return new RetryLater(error.message, { counts: false, cause: error })
  }
  return null
}

interface RetryContext {
  readonly now: Instant
  readonly limits: Limits
  readonly keepsUp: boolean
}

function retried(
  claimed: ClaimedEffect,
  later: RetryLater,
  { now, limits, keepsUp }: RetryContext,
): Settlement {
  const { id } = claimed.effect
  const waited = later.begun ? Math.max(claimed.tries, 1) : claimed.tries
  const counted = later.counts ? claimed.tries + 1 : waited
  if (later.counts && counted >= limits.tries && !keepsUp) {
    return { id, outcome: 'parked', at: now, error: `${counted} tries: ${errorText(later)}` }
  }
  // One that is kept up stays below the tries at which it would be suspected.
  const tries = Math.min(counted, limits.tries - 1)
  const wait = later.counts ? backOffMs(id, counted, limits) : waitFor(claimed, now, limits)
  return {
    id,
    outcome: 'retry',
    at: plusMs(now, later.counts ? Math.max(later.afterMs ?? 0, wait) : (later.afterMs ?? wait)),
    error: errorText(later),
    tries,
    attempt: later.newAttempt ? claimed.attempt + 1 : claimed.attempt,
    firstTriedAt: later.newAttempt ? null : claimed.firstTriedAt,
  }
}

/** A quarter of the time that was waited already: often at first, seldom for what takes days. */
function waitFor({ firstTriedAt }: ClaimedEffect, now: Instant, limits: Limits): number {
  const waitedMs = msOf(now) - msOf(firstTriedAt)
  return Math.min(Math.max(limits.waitMs, Math.floor(waitedMs / 4)), limits.waitMaxMs)
}
