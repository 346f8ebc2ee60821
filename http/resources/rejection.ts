import { z } from '@hono/zod-openapi'
import type { AccountContext } from '../../machines/account/state.ts'
import { WireInstant } from './wire.ts'

export const WireRejection = z
  .object({ code: z.string(), message: z.string(), at: WireInstant })
  .openapi('Rejection', {
    description: 'What the provider last refused, such as a card that it did not accept.',
  })

/** A refusal of the provider, without the effect's id, which means nothing outside. */
export function presentRejection(
  rejection: AccountContext['rejection'],
): z.infer<typeof WireRejection> | null {
  return rejection && { code: rejection.code, message: rejection.message, at: rejection.at }
}
