import { z } from 'zod'
import { Instant } from '../values/instant.ts'
import { EffectKind } from './effects.ts'

/** The provider's last refusal of something that we asked. */
export const Rejection = z.object({
  effect: EffectKind,
  code: z.string(),
  message: z.string(),
  at: Instant,
})
