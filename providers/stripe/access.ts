import { RetryLater } from '../../actors/port-errors.ts'
import type { Log } from '../../actors/ports.ts'

/** Stripe does not let our key do this: nothing was done, or can be until a person mends it. */
export class StripeSetupError extends Error {
  override readonly name = 'StripeSetupError'
  /** The key is wrong or revoked (401), or may not do this one thing (403). */
  readonly code: 'stripe_key_refused' | 'stripe_key_forbidden'

  constructor(code: StripeSetupError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Nothing is wrong with the effect: it waits for the key, and uses up no tries. */
export function waitingForKey(cause: StripeSetupError): RetryLater {
  return new RetryLater(cause.message, { counts: false, cause })
}

/** What a person must mend, where that is why it failed. */
export function setupErrorIn(failure: unknown): StripeSetupError | null {
  const cause = failure instanceof RetryLater ? failure.cause : null
  return cause instanceof StripeSetupError ? cause : null
}

export type StripeAccess = ReturnType<typeof createStripeAccess>

/**
 * What Stripe does not let our key do, as the effects of this process found it: each kind of effect
 * stands here from its first refusal to its next success. Said to the log at each change.
 */
export function createStripeAccess(log: Log) {
  const refused = new Map<string, StripeSetupError>()
  return {
    refusedFor(kind: string, error: StripeSetupError): void {
      const { code, message } = error
      if (refused.get(kind)?.code !== code) {
        log.error('provider.key_refused', { provider: 'stripe', code, kind, error: message })
      }
      refused.set(kind, error)
    },
    workedFor(kind: string): void {
      if (refused.delete(kind)) log.info('provider.key_accepted', { provider: 'stripe', kind })
    },
    /** Null while nothing is refused. A key that is wrong comes before what one may not do. */
    trouble(): StripeSetupError | null {
      const all = [...refused.values()]
      return all.find(({ code }) => code === 'stripe_key_refused') ?? all[0] ?? null
    },
  }
}
