import { and, assign, not, or, setup, stateIn } from 'xstate'
import { msOf, msPerDay, msPerHour, msSince } from '../../values/instant.ts'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import { isTaken, isTied } from '../observation.ts'
import type { SubscriptionEvent } from './events.ts'
import {
  askInvoiceAgain,
  emptySubscription,
  foldAccepted,
  foldCreated,
  foldInvoice,
  foldMethod,
  foldObserved,
  foldPrepared,
  foldProviderId,
  foldRejected,
  hasGap,
  isAnswer,
  isNewerInvoice,
  isNewMethod,
  isRefused,
  issueInvoice,
  nextPeriod,
  offerToFirstInvoice,
  nothingOverdueAfter,
  refuseTrial,
  requestCancel,
  requestCancelAtPeriodEnd,
  requestConfirmation,
  requestCreation,
  requestRead,
  requestResume,
  voidFirstInvoice,
  weighObserved,
} from './folds.ts'
import type { SubscriptionContext } from './state.ts'

const types: ChartTypes<SubscriptionContext, SubscriptionEvent> = {}

const base = setup({
  types,
  actions: { effect },
  guards: {
    isIncomplete: stateIn({ status: 'incomplete' }),
    hasStarted: stateIn({ status: 'active' }),
    isPastDue: stateIn({ status: 'past_due' }),
    isUnpaid: stateIn({ status: 'unpaid' }),
    isEnding: stateIn({ cancellation: 'ending' }),
  },
})

const create = ask(requestCreation)
const confirmFirstPayment = ask(requestConfirmation)
const offerMethod = ask(offerToFirstInvoice)
const read = ask(requestRead)
const cancelAtPeriodEnd = ask(requestCancelAtPeriodEnd)
const keepGoing = ask(requestResume)
const cancelNow = ask(requestCancel)
const bill = ask(issueInvoice)
const askAgain = ask(askInvoiceAgain)
const voidFirst = ask(voidFirstInvoice)

/**
 * One subscription. `status` mirrors the provider's word where the provider collects, and decides
 * where the platform does; `cancellation` is what was asked and what is scheduled; `billing` is the
 * platform's clock.
 */
export const subscriptionMachine = base
  .extend({
    actions: {
      keepCreated: assign(foldCreated),
      keepAccepted: assign(foldAccepted),
      keepProviderId: assign(foldProviderId),
      keepPrepared: assign(foldPrepared),
      keepMethod: assign(foldMethod),
      keepObserved: assign(foldObserved),
      keepInvoice: assign(foldInvoice),
      keepRejection: assign(foldRejected),
      keepReference: assign(({ context, event }) =>
        event.type === 'subscription.referenced'
          ? {
              providerId: event.subscription,
              provider: event.provider,
              account: context.account ?? event.account,
            }
          : {},
      ),
      scheduleEnd: assign(({ context, event }) => ({
        cancelAt: context.period?.end ?? event.at,
        canceledAt: event.at,
      })),
      unscheduleEnd: assign({ cancelAt: null, canceledAt: null }),
      end: assign(({ context, event }) => ({
        endedAt: event.at,
        canceledAt: context.canceledAt ?? event.at,
        nextAction: null,
      })),
      advancePeriod: assign(nextPeriod),
    },
    guards: {
      isNew: ({ context }) => context.createdAt === null,
      wantsTrialOfPlatform: ({ event }) =>
        event.type === 'subscription.create' &&
        event.collector === 'platform' &&
        event.terms.trialDays > 0,
      isNews: (scope) => isTaken(weighObserved(scope)),
      isTied: (scope) => isTied(weighObserved(scope)),
      hasGap,
      says: (scope, params: { status: string }) =>
        scope.event.type === 'subscription.observed' &&
        scope.event.facts.status === params.status &&
        isTaken(weighObserved(scope)),
      isNewMethod,
      isRefused,
      isAnswer,
      /** The provider refused to create it. */
      creationRefused: (scope) =>
        isRefused(scope, { effect: 'provider.create_subscription' }) &&
        scope.context.providerId === null,
      nothingKnown: ({ context }) => context.observed === null,
      hasProviderId: ({ context }) => context.providerId !== null,
      byPlatform: ({ context }) => context.collector === 'platform',
      wantsPeriodEnd: ({ event }) =>
        event.type === 'subscription.cancel' && event.when === 'period_end',
      wantsNow: ({ event }) => event.type === 'subscription.cancel' && event.when === 'now',
      saysScheduled: ({ event }) =>
        event.type === 'subscription.observed' && event.facts.cancelAt !== null,
      isNewerInvoice,
      invoicePaid: (scope) =>
        isNewerInvoice(scope) &&
        scope.event.type === 'invoice.changed' &&
        scope.event.status === 'paid',
      invoiceFailing: (scope) =>
        isNewerInvoice(scope) && scope.event.type === 'invoice.changed' && scope.event.failing,
      invoiceWrittenOff: (scope) =>
        isNewerInvoice(scope) &&
        scope.event.type === 'invoice.changed' &&
        scope.event.status === 'uncollectible',
      nothingOverdue: nothingOverdueAfter,
      hasEnded: ({ context }) => context.collector === 'platform' && context.endedAt !== null,
      endsWithPeriod: ({ context, event }) =>
        context.cancelAt !== null && context.cancelAt <= event.at,
      isOver: or([stateIn({ status: 'canceled' }), stateIn({ status: 'incomplete_expired' })]),
      /** It was asked for or is there, and has not ended. */
      canEnd: and([not('isOver'), not(stateIn({ status: 'unknown' }))]),
      /** Whose end can be set for later: it exists, for us or at the provider. */
      canEndLater: and(['canEnd', or(['byPlatform', 'hasProviderId'])]),
      awaitsPayment: and(['isIncomplete', not('isEnding')]),
    },
    delays: {
      /**
       * A lost webhook must not leave a customer who has paid outside. The longer ago, the rarer.
       */
      confirmationCheck: ({ context, event }) =>
        Math.max(msSince(context.createdAt, event.at), 10 * 60_000),
      /** Stripe's window for a first payment; the platform keeps the same. */
      firstPaymentWindow: 23 * msPerHour,
      /** Retries of a webhook end after three days: by then the provider is asked instead. */
      silence: 4 * msPerDay,
      periodEnd: ({ context, event }) => msOf(context.period?.end ?? event.at) - msOf(event.at),
    },
  })
  .createMachine({
    id: 'subscription',
    description: 'One subscription of one account to one plan.',
    context: ({ input }) => emptySubscription(input.id),
    type: 'parallel',
    states: {
      record: {
        description: 'What is known, whatever it leads to.',
        initial: 'keeping',
        states: {
          keeping: {
            description:
              'Keeps what is news; asks for a fresh read at a tie, a gap or a mere hint.',
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
      },
      status: {
        description:
          "The provider's status where it collects (a mirror), ours where the platform does.",
        initial: 'unknown',
        on: {
          'subscription.observed': [
            {
              guard: { type: 'says', params: { status: 'incomplete' } },
              target: '.incomplete',
            },
            {
              guard: { type: 'says', params: { status: 'trialing' } },
              target: '.trialing',
            },
            {
              guard: { type: 'says', params: { status: 'active' } },
              target: '.active',
            },
            {
              guard: { type: 'says', params: { status: 'past_due' } },
              target: '.past_due',
            },
            {
              guard: { type: 'says', params: { status: 'unpaid' } },
              target: '.unpaid',
            },
            {
              guard: { type: 'says', params: { status: 'paused' } },
              target: '.paused',
            },
            {
              guard: { type: 'says', params: { status: 'canceled' } },
              target: '.canceled',
            },
            {
              guard: { type: 'says', params: { status: 'incomplete_expired' } },
              target: '.incomplete_expired',
            },
          ],
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
      },
      cancellation: {
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
                  actions: 'end',
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
      },
      billing: {
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
            description:
              'At the end of each period, computed from the anchor, the next one is billed.',
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
      },
    },
  })
