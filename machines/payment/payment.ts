import { assign, setup } from 'xstate'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import { isTied } from '../observation.ts'
import type { PaymentEvent } from './events.ts'
import {
  after,
  disputeOf,
  emptyPayment,
  foldPayment,
  isNews,
  refundOf,
  requestRead,
  statusOf,
  weighInPayment,
} from './folds.ts'
import type { PaymentContext } from './state.ts'

const types: ChartTypes<PaymentContext, PaymentEvent> = {}

const base = setup({ types, actions: { effect } })

const read = ask(requestRead)

/**
 * One payment: a PaymentIntent (or an old charge without one) with its charges, refunds and disputes. The
 * provider names these by the payment and not by the invoice, so they meet here; what they amount to is
 * told to the invoice that the payment belongs to.
 */
export const paymentMachine = base
  .extend({
    actions: {
      keep: assign(foldPayment),
    },
    guards: {
      isTied: (scope) => isTied(weighInPayment(scope)),
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
              'payment_intent.observed': [
                { guard: 'isTied', actions: ['keep', read] },
                { guard: 'isNews', actions: 'keep' },
              ],
              'charge.observed': [
                { guard: 'isTied', actions: ['keep', read] },
                { guard: 'isNews', actions: 'keep' },
              ],
              'refund.observed': [
                { guard: 'isTied', actions: ['keep', read] },
                { guard: 'isNews', actions: 'keep' },
              ],
              'dispute.observed': [
                { guard: 'isTied', actions: ['keep', read] },
                { guard: 'isNews', actions: 'keep' },
              ],
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
          '*': [
            {
              guard: { type: 'willStand', params: { at: 'requires_payment_method' } },
              target: '.requires_payment_method',
            },
            {
              guard: { type: 'willStand', params: { at: 'requires_confirmation' } },
              target: '.requires_confirmation',
            },
            {
              guard: { type: 'willStand', params: { at: 'requires_action' } },
              target: '.requires_action',
            },
            { guard: { type: 'willStand', params: { at: 'processing' } }, target: '.processing' },
            {
              guard: { type: 'willStand', params: { at: 'requires_capture' } },
              target: '.requires_capture',
            },
            { guard: { type: 'willStand', params: { at: 'canceled' } }, target: '.canceled' },
            { guard: { type: 'willStand', params: { at: 'succeeded' } }, target: '.succeeded' },
          ],
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
          '*': [
            { guard: { type: 'willBeRefunded', params: { as: 'none' } }, target: '.none' },
            { guard: { type: 'willBeRefunded', params: { as: 'partial' } }, target: '.partial' },
            { guard: { type: 'willBeRefunded', params: { as: 'full' } }, target: '.full' },
          ],
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
          '*': [
            { guard: { type: 'willBeDisputed', params: { as: 'none' } }, target: '.none' },
            { guard: { type: 'willBeDisputed', params: { as: 'inquiry' } }, target: '.inquiry' },
            { guard: { type: 'willBeDisputed', params: { as: 'open' } }, target: '.open' },
            { guard: { type: 'willBeDisputed', params: { as: 'won' } }, target: '.won' },
            { guard: { type: 'willBeDisputed', params: { as: 'lost' } }, target: '.lost' },
          ],
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
