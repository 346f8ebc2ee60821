import { and, not } from 'xstate'
import { ask } from '../chart-types.ts'
import { voidFirstInvoice } from './periods.ts'
import { requestCancel, requestCancelAtPeriodEnd, requestResume } from './requests.ts'
import { subscriptionSetup } from './setup.ts'

const cancelAtPeriodEnd = ask(requestCancelAtPeriodEnd)
const keepGoing = ask(requestResume)
const cancelNow = ask(requestCancel)
const voidFirst = ask(voidFirstInvoice)

export const cancellation = subscriptionSetup.createStateConfig({
  description: 'What was asked about its end, and what is scheduled.',
  initial: 'none',
  states: {
    none: {
      description: 'It goes on.',
      on: {
        'subscription.cancel': [
          {
            guard: and(['canEnd', 'byPlatform', 'wantsNow']),
            target: 'none',
            actions: [voidFirst, 'end'],
          },
          {
            guard: and(['canEndLater', 'byPlatform', 'wantsPeriodEnd']),
            target: 'scheduled',
            actions: 'scheduleEnd',
          },
          { guard: and(['canEnd', 'wantsNow']), target: 'ending', actions: cancelNow },
          {
            guard: and(['canEndLater', 'wantsPeriodEnd']),
            target: 'scheduling',
            actions: cancelAtPeriodEnd,
          },
        ],
        'subscription.observed': {
          guard: and(['isNews', 'saysScheduled']),
          target: 'scheduled',
        },
      },
    },
    scheduling: {
      description: 'The provider was asked to end it with the period.',
      always: { guard: 'isOver', target: 'none' },
      on: {
        'subscription.observed': {
          guard: and(['isNews', 'saysScheduled']),
          target: 'scheduled',
        },
        'effect.rejected': {
          guard: { type: 'isRefused', params: { effect: 'provider.update_subscription' } },
          target: 'none',
        },
        'subscription.cancel': {
          guard: and(['canEnd', 'wantsNow']),
          target: 'ending',
          actions: cancelNow,
        },
      },
    },
    scheduled: {
      description: 'It ends at a time that is known, and runs until then.',
      always: { guard: 'isOver', target: 'none' },
      on: {
        'subscription.resume': [
          {
            guard: 'byPlatform',
            target: 'none',
            actions: 'unscheduleEnd',
          },
          { target: 'resuming', actions: keepGoing },
        ],
        'subscription.cancel': [
          {
            guard: and(['canEnd', 'byPlatform', 'wantsNow']),
            target: 'none',
            actions: [voidFirst, 'end'],
          },
          { guard: and(['canEnd', 'wantsNow']), target: 'ending', actions: cancelNow },
        ],
        'subscription.observed': {
          guard: and(['isNews', not('saysScheduled')]),
          target: 'none',
        },
      },
    },
    resuming: {
      description: 'The provider was asked to let it go on.',
      always: { guard: 'isOver', target: 'none' },
      on: {
        'subscription.observed': [
          { guard: and(['isNews', not('saysScheduled')]), target: 'none' },
          // It has answered, and its end is still to come: it may be asked again.
          { guard: 'isAnswer', target: 'scheduled' },
        ],
        'subscription.cancel': { guard: 'wantsNow', target: 'ending', actions: cancelNow },
        'effect.rejected': {
          guard: { type: 'isRefused', params: { effect: 'provider.update_subscription' } },
          target: 'scheduled',
        },
      },
    },
    ending: {
      description:
        'It is to end now: the provider is asked, as soon as it has what is to be ended.',
      always: { guard: 'isOver', target: 'none' },
      on: {
        'subscription.accepted': { guard: not('hasProviderId'), actions: cancelNow },
        'subscription.observed': {
          guard: and(['isNews', not('hasProviderId')]),
          actions: cancelNow,
        },
        'subscription.referenced': {
          guard: not('hasProviderId'),
          actions: cancelNow,
        },
        'effect.rejected': {
          guard: { type: 'isRefused', params: { effect: 'provider.cancel_subscription' } },
          target: 'none',
        },
      },
    },
  },
})
