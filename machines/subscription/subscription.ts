import { billing } from './billing.ts'
import { cancellation } from './cancellation.ts'
import { record } from './record.ts'
import { subscriptionSetup } from './setup.ts'
import { emptySubscription } from './state.ts'
import { status } from './status.ts'

/**
 * One subscription. `status` mirrors the provider's word where the provider collects, and decides
 * where the platform does; `cancellation` is what was asked and what is scheduled; `billing` is the
 * platform's clock.
 */
export const subscriptionMachine = subscriptionSetup.createMachine({
  id: 'subscription',
  description: 'One subscription of one account to one plan.',
  context: ({ input }) => emptySubscription(input.id),
  type: 'parallel',
  states: { record, status, cancellation, billing },
})
