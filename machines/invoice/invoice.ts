import { and, assign, not, or, setup, stateIn } from 'xstate'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import { isTaken, isTied } from '../observation.ts'
import {
  foldOffer,
  foldRejected,
  foldSubmitted,
  isNewMethod,
  isReleased,
  msToCheck,
  mustAuthenticate,
  submittedForAction,
} from './attempts.ts'
import { isFailing, nextExecutableAttemptAt, openCase } from './debt.ts'
import {
  answersPay,
  foldIssued,
  foldObserved,
  isSettled,
  says,
  saysDeleted,
  weighObserved,
} from './document.ts'
import type { InvoiceEvent } from './events.ts'
import {
  failed,
  foldPayment,
  isNewerPayment,
  isWithdrawn,
  succeeded,
  wantsAction,
} from './payments.ts'
import {
  requestCharge,
  requestPay,
  requestPaymentCancel,
  requestPaymentRead,
  requestRead,
  requestReason,
} from './requests.ts'
import { captured, requestRefund, requestReturnedMail, returned } from './returns.ts'
import { type InvoiceContext, emptyInvoice } from './state.ts'

const types: ChartTypes<InvoiceContext, InvoiceEvent> = {}

const base = setup({ types, actions: { effect } })

const read = ask(requestRead)
const readPayment = ask(requestPaymentRead)
const readReason = ask(requestReason)
const pay = ask(requestPay)
const charge = ask(requestCharge)
const sendBack = ask(requestRefund)
const mailReturned = ask(requestReturnedMail)
const cancelPayment = ask(requestPaymentCancel)

/** Of the platform: one attempt more, with the method that was named for it. */
const beginAttempt = ['countAttempt', charge, 'forgetOffer'] as const

/**
 * One invoice. Where the provider collects, `status` mirrors its word; where the platform does, it
 * decides. However it began, only one payment attempt is live at a time, and an attempt is left
 * only by the provider's confirmed word on how it ended.
 */
export const invoiceMachine = base
  .extend({
    actions: {
      keepIssued: assign(foldIssued),
      keepObserved: assign(foldObserved),
      keepPayment: assign(foldPayment),
      keepSubmitted: assign(foldSubmitted),
      keepRejection: assign(foldRejected),
      keepOffer: assign(foldOffer),
      forgetOffer: assign({ offeredMethod: null }),
      wantVoid: assign({ voidWantedAt: ({ context, event }) => context.voidWantedAt ?? event.at }),
      wantWriteOff: assign({
        writeOffWantedAt: ({ context, event }) => context.writeOffWantedAt ?? event.at,
      }),
      keepPaySeq: assign({ paySeq: ({ event }) => event.seq }),
      forgetPaySeq: assign({ paySeq: null }),
      /** Of the platform's own charges; a provider counts its own. */
      countAttempt: assign(({ context }) =>
        context.collector === 'platform'
          ? {
              attempt: context.attempt + 1,
              paymentIntent: null,
              clientSecret: null,
              nextActionUrl: null,
              declineCode: null,
              rejection: null,
            }
          : {},
      ),
      settle: assign({ paidAt: ({ context, event }) => context.paidAt ?? event.at }),
      openCase: assign(openCase),
      openCaseIfFailing: assign((scope) => (isFailing(scope.context) ? openCase(scope) : {})),
    },
    guards: {
      isNew: ({ context }) => context.issue === null && context.observed === null,
      isNews: (scope) => isTaken(weighObserved(scope)),
      isTied: (scope) => isTied(weighObserved(scope)),
      saysDraft: says('draft'),
      saysOpen: says('open'),
      saysPaid: says('paid'),
      saysVoid: says('void'),
      saysUncollectible: says('uncollectible'),
      saysDeleted,
      byPlatform: ({ context }) => context.collector === 'platform',
      answersPay,
      paying: ({ context }) => context.paySeq !== null,
      isFailing: ({ context }) => isFailing(context),
      mustAuthenticate: ({ context }) => mustAuthenticate(context),
      /** A retry is scheduled, and it would really reach a bank. */
      willRetry: ({ context }) => nextExecutableAttemptAt(context) !== null,
      hasNothingToPay: ({ context }) => context.issue?.totalMinor === 0,
      /** Nothing that the provider can say of it changes anything. */
      isSettled: ({ context }) => isSettled(context),
      isNewerPayment,
      isNewMethod,
      succeeded,
      captured,
      returned,
      failed,
      wantsAction,
      submittedForAction,
      /** The charge itself, and not some other thing that was asked for. */
      chargeRejected: ({ event }) =>
        event.type === 'effect.rejected' && event.effect === 'payment.charge',
      isWithdrawn,
      onSession: ({ context }) => context.issue?.onSession === true,
      hasOffer: ({ context }) => context.offeredMethod !== null,
      mustVoid: ({ context }) => context.voidWantedAt !== null,
      mustWriteOff: ({ context }) => context.writeOffWantedAt !== null,
      isSubmitted: ({ context }) => context.paymentIntent !== null,
      isReleased,
      /** The customer was sent to the bank: nothing may take that page from under them. */
      isAtTheBank: ({ context }) =>
        context.nextActionUrl !== null && context.issue?.onSession === true,
      /** No attempt is under way that we know of. */
      isResting: or([
        stateIn({ status: { open: 'idle' } }),
        stateIn({ status: { open: 'requires_action' } }),
        stateIn({ status: { open: 'retry_scheduled' } }),
      ]),
    },
    delays: {
      /** The answer to a charge is a webhook; a lost one must not hold the one attempt for ever. */
      confirmationCheck: ({ context, event }) => msToCheck(context, event.at),
    },
  })
  .createMachine({
    id: 'invoice',
    description: 'One invoice, whoever collects it.',
    context: ({ input }) => emptyInvoice(input.id),
    type: 'parallel',
    states: {
      record: {
        description: 'What is known, whatever it leads to.',
        initial: 'keeping',
        states: {
          keeping: {
            description: 'Keeps what is news; asks for a fresh read where that leaves a question.',
            on: {
              'invoice.issued': { guard: 'isNew', actions: 'keepIssued' },
              'invoice.observed': [
                { guard: 'isTied', actions: ['keepObserved', read] },
                { guard: 'isNews', actions: ['keepObserved', readReason] },
                { guard: 'answersPay', actions: 'forgetPaySeq' },
              ],
              'invoice.hinted': { guard: not('isSettled'), actions: read },
              'payment.changed': { guard: 'isNewerPayment', actions: 'keepPayment' },
              'charge.submitted': { actions: 'keepSubmitted' },
              'effect.rejected': { actions: 'keepRejection' },
              'effect.parked': { actions: 'keepRejection' },
              'object.missing': { guard: 'paying', actions: 'forgetPaySeq' },
              refresh: { actions: [read, readPayment] },
            },
          },
        },
      },
      status: {
        description: "The provider's word where it collects; ours where the platform does.",
        initial: 'unknown',
        on: {
          'invoice.observed': [
            { guard: 'saysDeleted', target: '.deleted' },
            { guard: 'saysDraft', target: '.draft' },
            { guard: 'saysOpen', target: '.open' },
            { guard: 'saysPaid', target: '.paid' },
            { guard: 'saysVoid', target: '.void' },
            { guard: 'saysUncollectible', target: '.uncollectible' },
          ],
        },
        states: {
          unknown: {
            description: 'Only heard of.',
            on: {
              'invoice.issued': [
                { guard: and(['isNew', 'mustVoid']), target: 'void' },
                { guard: 'isNew', target: 'open.charging', actions: beginAttempt },
              ],
              // Whoever asked for the invoice may end before it is here.
              'invoice.void': { guard: 'isNew', actions: 'wantVoid' },
            },
          },
          draft: {
            description: 'Still being put together; nothing is due.',
          },
          open: {
            description: 'Final and due.',
            entry: 'openCaseIfFailing',
            initial: 'idle',
            always: [
              { guard: and(['mustVoid', 'isResting']), target: '.voiding' },
              { guard: and(['mustWriteOff', 'isResting']), target: 'uncollectible' },
            ],
            on: {
              'payment.changed': { guard: 'succeeded', target: 'paid' },
              'invoice.pay': [
                {
                  guard: and(['byPlatform', 'isResting']),
                  target: '.releasing',
                  actions: 'keepOffer',
                },
                { guard: 'isResting', target: '.charging', actions: ['keepPaySeq', pay] },
              ],
              'payment_method.available': [
                {
                  guard: and(['byPlatform', 'isNewMethod', 'isResting', not('isAtTheBank')]),
                  target: '.releasing',
                  actions: 'keepOffer',
                },
                // Tried as soon as the attempt under way has failed.
                { guard: and(['byPlatform', 'isNewMethod']), actions: 'keepOffer' },
                {
                  guard: and([not('byPlatform'), 'isResting']),
                  target: '.charging',
                  actions: ['keepPaySeq', pay],
                },
              ],
              'charge.due': { guard: and(['byPlatform', 'isResting']), target: '.releasing' },
              'invoice.void': { guard: 'byPlatform', actions: 'wantVoid' },
              'invoice.written_off': { guard: 'byPlatform', actions: 'wantWriteOff' },
            },
            states: {
              idle: {
                description: 'Due, with no attempt under way and none planned.',
                always: [
                  { guard: 'hasNothingToPay', target: '#invoice.status.paid', actions: 'settle' },
                  { guard: 'paying', target: 'charging' },
                  { guard: and(['isFailing', 'mustAuthenticate']), target: 'requires_action' },
                  { guard: and(['isFailing', 'willRetry']), target: 'retry_scheduled' },
                ],
              },
              charging: {
                description: 'A charge is with the provider; only its word says how it ended.',
                always: [
                  { guard: 'hasNothingToPay', target: '#invoice.status.paid', actions: 'settle' },
                  { guard: and([not('byPlatform'), not('paying')]), target: 'idle' },
                  { guard: and(['mustVoid', 'isSubmitted']), target: 'voiding' },
                ],
                after: {
                  confirmationCheck: {
                    target: 'charging',
                    reenter: true,
                    actions: [read, readPayment],
                  },
                },
                on: {
                  'charge.submitted': {
                    guard: 'submittedForAction',
                    target: 'requires_action',
                  },
                  'payment.changed': [
                    { guard: 'succeeded', target: '#invoice.status.paid' },
                    { guard: 'wantsAction', target: 'requires_action' },
                    { guard: and(['failed', 'hasOffer']), target: 'releasing' },
                    {
                      guard: and(['failed', 'onSession']),
                      target: 'idle',
                    },
                    { guard: 'failed', target: 'retry_scheduled', actions: 'openCaseIfFailing' },
                  ],
                  'effect.not_wanted': {
                    guard: and(['mustVoid', 'isWithdrawn']),
                    target: '#invoice.status.void',
                  },
                  'effect.rejected': [
                    { guard: and(['chargeRejected', 'hasOffer']), target: 'releasing' },
                    {
                      guard: and(['chargeRejected', 'onSession']),
                      target: 'idle',
                    },
                    {
                      guard: 'chargeRejected',
                      target: 'retry_scheduled',
                      actions: 'openCaseIfFailing',
                    },
                  ],
                },
              },
              requires_action: {
                description: 'It waits for the customer: to authenticate, or to give another card.',
                after: {
                  confirmationCheck: [
                    // They gave another card and did not come back to the first one's bank.
                    { guard: and(['byPlatform', 'hasOffer']), target: 'releasing' },
                    {
                      target: 'requires_action',
                      reenter: true,
                      actions: [read, readPayment],
                    },
                  ],
                },
                on: {
                  'payment.changed': [
                    { guard: 'succeeded', target: '#invoice.status.paid' },
                    { guard: and(['failed', 'hasOffer']), target: 'releasing' },
                    {
                      guard: and(['failed', 'onSession']),
                      target: 'idle',
                    },
                    { guard: 'failed', target: 'retry_scheduled', actions: 'openCaseIfFailing' },
                  ],
                },
              },
              retry_scheduled: {
                description: 'An attempt failed, and another that will reach the bank is planned.',
                // The bank's reason may come after the refusal of our own request.
                on: { 'payment.changed': { guard: 'failed', actions: 'openCaseIfFailing' } },
              },
              releasing: {
                description:
                  'The last attempt is being cancelled: until that is confirmed, no other may begin.',
                entry: cancelPayment,
                always: [
                  { guard: 'mustVoid', target: 'voiding' },
                  { guard: 'isReleased', target: 'charging', actions: beginAttempt },
                ],
                after: {
                  confirmationCheck: { target: 'releasing', reenter: true, actions: readPayment },
                },
                on: { 'effect.rejected': { actions: readPayment } },
              },
              voiding: {
                description: 'It is to be void once its last attempt is confirmed to be cancelled.',
                entry: cancelPayment,
                always: { guard: 'isReleased', target: '#invoice.status.void' },
                after: {
                  confirmationCheck: { target: 'voiding', reenter: true, actions: readPayment },
                },
                on: { 'effect.rejected': { actions: readPayment } },
              },
            },
          },
          paid: {
            description: 'Paid, for good: refunds and disputes stand beside it, on the payment.',
            always: {
              guard: and(['byPlatform', 'mustVoid']),
              target: 'void',
              actions: [sendBack, mailReturned],
            },
          },
          void: {
            description: 'Cancelled: nothing is owed; money that comes all the same is sent back.',
            on: {
              'payment.changed': [
                { guard: 'captured', actions: [sendBack, mailReturned] },
                { guard: 'returned', actions: mailReturned },
              ],
            },
          },
          uncollectible: {
            description: 'Written off; it can still be paid.',
            entry: 'openCase',
            on: {
              'payment.changed': { guard: 'succeeded', target: 'paid' },
              'invoice.pay': [
                { guard: 'byPlatform', target: 'open.releasing', actions: 'keepOffer' },
                { actions: ['keepPaySeq', pay] },
              ],
              'payment_method.available': [
                { guard: 'byPlatform', target: 'open.releasing', actions: 'keepOffer' },
                { actions: ['keepPaySeq', pay] },
              ],
              'invoice.void': { guard: 'byPlatform', target: 'open.voiding', actions: 'wantVoid' },
            },
          },
          deleted: {
            description: 'A draft that the provider removed.',
          },
        },
      },
    },
  })
