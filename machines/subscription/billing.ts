import { and, not } from 'xstate'
import { ask } from '../chart-types.ts'
import { issueInvoice } from './periods.ts'
import { subscriptionSetup } from './setup.ts'

const bill = ask(issueInvoice)

export const billing = subscriptionSetup.createStateConfig({
  description: "The platform's own billing: off where the provider collects.",
  initial: 'off',
  states: {
    off: {
      description: 'Nothing to bill.',
      always: {
        guard: and(['byPlatform', 'hasStarted', not('hasEnded')]),
        target: 'cycling',
      },
    },
    cycling: {
      description: 'At the end of each period, computed from the anchor, the next one is billed.',
      always: { guard: 'hasEnded', target: 'off' },
      after: {
        periodEnd: [
          { guard: 'endsWithPeriod', target: 'off', actions: 'end' },
          {
            guard: 'isUnpaid',
            target: 'cycling',
            reenter: true,
            actions: 'advancePeriod',
          },
          {
            target: 'cycling',
            reenter: true,
            actions: ['advancePeriod', bill],
          },
        ],
      },
    },
  },
})
