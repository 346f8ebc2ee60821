import type { Result as AnyResult } from '../actors/delivery/performer.ts'
import type { AnyMessage } from '../machines/messages.ts'

/** What a provider's answer tells an actor: one of the messages that actors know. */
export type Result = AnyResult<AnyMessage>
