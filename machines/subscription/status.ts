import { and, not } from 'xstate'
import { ask } from '../chart-types.ts'
import { refuseTrial, requestCreation } from './creation.ts'
import { requestConfirmation } from './first-payment.ts'
import { issueInvoice, offerToFirstInvoice, voidFirstInvoice } from './periods.ts'
import { requestRead } from './requests.ts'
import { subscriptionSetup } from './setup.ts'
import { observedStatuses } from './statuses.ts'

const create = ask(requestCreation)
const confirmFirstPayment = ask(requestConfirmation)
const offerMethod = ask(offerToFirstInvoice)
const read = ask(requestRead)
const bill = ask(issueInvoice)
const voidFirst = ask(voidFirstInvoice)

export const status = subscriptionSetup.createStateConfig({
  description: "The provider's status where it collects (a mirror), ours where the platform does.",
  initial: 'unknown',
  on: {
    'subscription.observed': observedStatuses.map((status) => ({
      guard: { type: 'says', params: { status } },
      target: `.${status}`,
    })),
  },
  states: {
    unknown: {
      description: 'Nothing is confirmed: it was only heard of, or is about to be asked for.',
      on: {
        'subscription.create': [
          {
            guard: 'wantsTrialOfPlatform',
            actions: ask(refuseTrial),
          },
          {
            guard: 'isNew',
            target: 'incomplete',
            actions: ['keepCreated', create, bill],
          },
        ],
      },
    },
    incomplete: {
      description: 'The first payment is not confirmed; nothing is granted.',
      always: { guard: 'hasEnded', target: 'canceled' },
      after: {
        confirmationCheck: { actions: read },
        firstPaymentWindow: [
          {
            guard: 'byPlatform',
            target: 'incomplete_expired',
            actions: [voidFirst, 'end'],
          },
          { actions: read },
        ],
      },
      on: {
        'invoice.changed': { guard: 'invoicePaid', target: 'active' },
        'payment_method.available': [
          {
            guard: and(['byPlatform', 'isNewMethod']),
            actions: ['keepMethod', offerMethod],
          },
          {
            guard: and(['isNewMethod', not('isEnding')]),
            actions: ['keepMethod', confirmFirstPayment],
          },
        ],
        'effect.rejected': {
          guard: 'creationRefused',
          target: 'incomplete_expired',
          actions: 'end',
        },
        'effect.not_wanted': {
          guard: 'creationWithdrawn',
          target: 'incomplete_expired',
          actions: 'end',
        },
      },
    },
    trialing: {
      description: 'In use for free until the trial ends.',
    },
    active: {
      description: 'Running. This does not say that it is paid: the invoices do.',
      always: { guard: 'hasEnded', target: 'canceled' },
      on: {
        'invoice.changed': [
          { guard: 'invoiceWrittenOff', target: 'unpaid' },
          { guard: 'invoiceFailing', target: 'past_due' },
        ],
      },
    },
    past_due: {
      description: 'Its latest invoice is unpaid and being collected.',
      always: { guard: 'hasEnded', target: 'canceled' },
      after: { silence: { actions: read } },
      on: {
        'invoice.changed': [
          { guard: 'invoiceWrittenOff', target: 'unpaid' },
          { guard: and(['isNewerInvoice', 'nothingOverdue']), target: 'active' },
        ],
      },
    },
    unpaid: {
      description: 'Collection was given up; it runs on only when the debt is paid.',
      always: { guard: 'hasEnded', target: 'canceled' },
      on: {
        'invoice.changed': {
          guard: and(['isNewerInvoice', 'nothingOverdue']),
          target: 'active',
        },
      },
    },
    paused: {
      description: 'Halted: it neither bills nor grants.',
    },
    canceled: {
      description: 'Ended, for good.',
    },
    incomplete_expired: {
      description: 'The first payment never came; ended, for good.',
    },
  },
})
