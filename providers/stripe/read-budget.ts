import { RetryLater } from '../../actors/ports.ts'
import { type Instant, msOf } from '../../values/instant.ts'

export interface ReadBudgetOptions {
  /** Reads a second in the long run. Stripe allows 100 requests a second in live mode, 25 in a sandbox. */
  readonly perSecond: number
  /** Reads at once after a rest. */
  readonly burst: number
}

/** Takes one read out of the budget; throws RetryLater, which uses up no tries, while there is none. */
export type SpendRead = (now: Instant) => void

/** A token bucket on the time that is passed in, so that a storm of ties cannot starve commands. */
export function createReadBudget({ perSecond, burst }: ReadBudgetOptions): SpendRead {
  let tokens = burst
  let filledAtMs: number | null = null
  return (now) => {
    const nowMs = msOf(now)
    const gainedMs = Math.max(0, nowMs - (filledAtMs ?? nowMs))
    tokens = Math.min(burst, tokens + (gainedMs * perSecond) / 1000)
    filledAtMs = Math.max(nowMs, filledAtMs ?? nowMs)
    if (tokens >= 1) {
      tokens -= 1
      return
    }
    const afterMs = Math.ceil(((1 - tokens) * 1000) / perSecond)
    throw new RetryLater('the budget for reads of Stripe is spent', { afterMs, counts: false })
  }
}
