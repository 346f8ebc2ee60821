import { assign, setup } from 'xstate'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import { isTied } from '../observation.ts'
import type { PaymentEvent } from './events.ts'
import { after, foldPayment, isNews, weighIntentOfCharge, weighInPayment } from './folds.ts'
import { requestRead } from './requests.ts'
import {
  disputeOf,
  disputeStates,
  intentStatuses,
  refundOf,
  refundStates,
  statusOf,
} from './standing.ts'
import { type PaymentContext, emptyPayment } from './state.ts'

const types: ChartTypes<PaymentContext, PaymentEvent> = {}

const base = setup({ types, actions: { effect } })

const read = ask(requestRead)

const keepNews = [
  // What to read is asked first: what is kept is tied no more.
  { guard: 'isTied', actions: [read, 'keep'] },
  { guard: 'isNews', actions: 'keep' },
] as const

/**
 * One payment: a PaymentIntent (or an old charge without one) with its charges, refunds and
 * disputes. The provider names these by the payment and not by the invoice, so they meet here; what
 * they amount to is told to the invoice that the payment belongs to.
 */
export const paymentMachine = base
  .extend({
    actions: {
      keep: assign(foldPayment),
    },
    guards: {
      isTied: (scope) => isTied(weighInPayment(scope)) || isTied(weighIntentOfCharge(scope)),
      isNews,
      isHeardOf: ({ context }) => context.provider !== null,
      /** With this event folded in, the payment stands there. */
      willStand: (scope, params: { at: string }) =>
        isNews(scope) && statusOf(after(scope)) === params.at,
      willBeDisputed: (scope, params: { as: string }) =>
        isNews(scope) && disputeOf(after(scope)) === params.as,
      willBeRefunded: (scope, params: { as: string }) =>
        isNews(scope) && refundOf(after(scope)) === params.as,
    },
  })
  .createMachine({
    id: 'payment',
    description: 'One payment with its charges, refunds and disputes.',
    context: ({ input }) => emptyPayment(input.id),
    type: 'parallel',
    states: {
      record: {
        description: 'What is known, whatever it leads to.',
        initial: 'keeping',
        states: {
          keeping: {
            description: 'Keeps what is news, and has ties settled by a fresh read.',
            on: {
              'payment_intent.observed': keepNews,
              'charge.observed': keepNews,
              'refund.observed': keepNews,
              'dispute.observed': keepNews,
              'payment.linked': { guard: 'isNews', actions: 'keep' },
              'payment.hinted': { actions: read },
              refresh: { guard: 'isHeardOf', actions: read },
            },
          },
        },
      },
      status: {
        description: 'Where the money is: derived from the PaymentIntent and its charges together.',
        initial: 'unknown',
        on: {
          '*': intentStatuses.map((at) => ({
            guard: { type: 'willStand', params: { at } },
            target: `.${at}`,
          })),
        },
        states: {
          unknown: { description: 'Only heard of.' },
          requires_payment_method: {
            description:
              'Waits for a payment method: none was given, or the bank refused the last.',
          },
          requires_confirmation: { description: 'Has a payment method and waits to be confirmed.' },
          requires_action: { description: 'Waits for the customer to authenticate.' },
          processing: { description: 'With the bank, which may take days.' },
          requires_capture: { description: 'Authorised, and not yet captured.' },
          canceled: { description: 'Given up: no money can move, for good.' },
          succeeded: { description: 'Captured, for good; refunds and disputes stand beside it.' },
        },
      },
      refund: {
        description: 'How much of it went back.',
        initial: 'none',
        on: {
          '*': refundStates.map((as) => ({
            guard: { type: 'willBeRefunded', params: { as } },
            target: `.${as}`,
          })),
        },
        states: {
          none: { description: 'Nothing went back.' },
          partial: { description: 'Some of it went back.' },
          full: { description: 'All of it went back.' },
        },
      },
      dispute: {
        description: 'The gravest of its disputes.',
        initial: 'none',
        on: {
          '*': disputeStates.map((as) => ({
            guard: { type: 'willBeDisputed', params: { as } },
            target: `.${as}`,
          })),
        },
        states: {
          none: { description: 'Not disputed.' },
          inquiry: { description: 'The bank asks; no money has moved.' },
          open: { description: 'Withdrawn by the bank while it is disputed.' },
          won: { description: 'Decided for us: the money came back.' },
          lost: { description: 'Decided against us: the money is gone.' },
        },
      },
    },
  })
