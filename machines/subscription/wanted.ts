import type { EffectKind } from '../effects.ts'
import { isIn } from '../state-path.ts'

interface State {
  readonly value: unknown
}

/** What of an effect says what it is to change. */
interface OpenEffect {
  readonly id: string
  readonly cancelAtPeriodEnd?: unknown
}

function awaitsFirstPayment({ value }: State): boolean {
  return isIn(value, 'status.incomplete') && !isIn(value, 'cancellation.ending')
}

/**
 * What a subscription still wants of the provider (M6): to be created and paid while it waits for
 * its first payment and is not to end, and its end, or going on, while that is what was asked last.
 */
export const subscriptionWants = {
  'provider.create_subscription': awaitsFirstPayment,
  'payment_intent.confirm': awaitsFirstPayment,
  'provider.update_subscription': ({ value }: State, { cancelAtPeriodEnd }: OpenEffect) =>
    isIn(value, cancelAtPeriodEnd === true ? 'cancellation.scheduling' : 'cancellation.resuming'),
  'provider.cancel_subscription': ({ value }: State) => isIn(value, 'cancellation.ending'),
} as const satisfies { [Kind in EffectKind]?: (state: State, effect: OpenEffect) => boolean }
