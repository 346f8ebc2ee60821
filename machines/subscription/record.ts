import { and, not } from 'xstate'
import { ask } from '../chart-types.ts'
import { requestConfirmation } from './first-payment.ts'
import { askInvoiceAgain } from './invoices.ts'
import { requestRead } from './requests.ts'
import { subscriptionSetup } from './setup.ts'

const confirmFirstPayment = ask(requestConfirmation)
const read = ask(requestRead)
const askAgain = ask(askInvoiceAgain)

export const record = subscriptionSetup.createStateConfig({
  description: 'What is known, whatever it leads to.',
  initial: 'keeping',
  states: {
    keeping: {
      description: 'Keeps what is news; asks for a fresh read at a tie, a gap or a mere hint.',
      on: {
        'subscription.accepted': [
          { guard: 'awaitsPayment', actions: ['keepAccepted', confirmFirstPayment] },
          { actions: 'keepProviderId' },
        ],
        'payment.prepared': { actions: 'keepPrepared' },
        'subscription.observed': [
          { guard: 'isTied', actions: ['keepObserved', read] },
          { guard: and(['isNews', 'hasGap']), actions: ['keepObserved', read] },
          { guard: 'isNews', actions: 'keepObserved' },
        ],
        'subscription.referenced': {
          guard: and(['nothingKnown', not('isOver')]),
          actions: ['keepReference', read],
        },
        'subscription.hinted': { actions: read },
        'invoice.changed': {
          guard: 'isNewerInvoice',
          actions: [askAgain, 'keepInvoice'],
        },
        'effect.rejected': { actions: 'keepRejection' },
        'effect.parked': { actions: 'keepRejection' },
        refresh: { guard: 'hasProviderId', actions: read },
      },
    },
  },
})
