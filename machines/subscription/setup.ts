import { and, assign, not, or, setup, stateIn } from 'xstate'
import { msOf, msPerDay, msPerHour, msSince } from '../../values/instant.ts'
import { effect, type ChartTypes } from '../chart-types.ts'
import type { EffectKind } from '../effects.ts'
import { isTaken, isTied } from '../observation.ts'
import { foldCreated } from './creation.ts'
import type { SubscriptionEvent } from './events.ts'
import {
  foldAccepted,
  foldMethod,
  foldPrepared,
  foldProviderId,
  foldRejected,
  isNewMethod,
} from './first-payment.ts'
import { foldInvoice, isNewerInvoice, nothingOverdueAfter } from './invoices.ts'
import { foldObserved, hasGap, isAnswer, weighObserved } from './observed.ts'
import { nextPeriod } from './periods.ts'
import type { SubscriptionContext, SubscriptionScope } from './state.ts'

const types: ChartTypes<SubscriptionContext, SubscriptionEvent> = {}

const base = setup({
  types,
  actions: { effect },
  guards: {
    isIncomplete: stateIn({ status: 'incomplete' }),
    hasStarted: stateIn({ status: 'active' }),
    isUnpaid: stateIn({ status: 'unpaid' }),
    isEnding: stateIn({ cancellation: 'ending' }),
  },
})

/** The provider refused this one thing, and not another that was asked for. */
function isRefused({ event }: SubscriptionScope, { effect }: { effect: EffectKind }): boolean {
  return event.type === 'effect.rejected' && event.effect === effect
}

/** The guards, actions and delays that the chart's regions name. */
export const subscriptionSetup = base.extend({
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
    /** It was not created at the provider, and will not be. */
    creationWithdrawn: ({ context, event }) =>
      event.type === 'effect.not_wanted' &&
      event.effect === 'provider.create_subscription' &&
      context.providerId === null,
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
