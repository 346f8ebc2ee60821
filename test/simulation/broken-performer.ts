import type { Performer } from '../../actors/delivery/performer.ts'
import { createDraw } from './draw.ts'

/** What a broken performer throws, and why its effects are parked. */
export const brokenSays = 'the performer is broken'

const brokenShare = 0.4

/**
 * The performer of the provider as a release with a bug has it: while it is broken it throws for a
 * share of the effects, for half of these only after it has done what was asked.
 */
export function breaking(real: Performer, seed: string, isBroken: () => boolean): Performer {
  if (!real.kinds.includes('payment.charge')) return real
  return {
    ...real,
    async perform(claimed, now) {
      const draw = createDraw(seed, `broken/${claimed.effect.id}`)
      if (!isBroken() || !draw.happens(brokenShare)) return real.perform(claimed, now)
      if (draw.happens(0.5)) await real.perform(claimed, now)
      throw new Error(brokenSays)
    },
  }
}
