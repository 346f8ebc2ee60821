import { z } from 'zod'
import { Instant } from '../values/instant.ts'
import { EffectKind } from './effects.ts'

/**
 * The last thing that we asked for and did not get: the provider's refusal, or an effect that was
 * given up.
 */
export const Rejection = z.object({
  effect: EffectKind,
  code: z.string(),
  message: z.string(),
  at: Instant,
})
export type Rejection = z.infer<typeof Rejection>

/** Of what was not refused but given up: our fault, or an answer that never came. */
const parkedCode = 'effect_parked'

/** An effect that was given up, as the API shows what was not done. */
export function givenUp(event: {
  readonly effect: EffectKind
  readonly error: string
  readonly at: Instant
}): Rejection {
  const { effect, error, at } = event
  return { effect, code: parkedCode, message: error, at }
}

/**
 * The provider refused it. What we gave up for a fault of ours may have been done, and is no
 * refusal.
 */
export function wasRefused(rejection: Rejection | null, effect: EffectKind): boolean {
  return rejection?.effect === effect && rejection.code !== parkedCode
}
