import { assign, not, or, setup } from 'xstate'
import { msOf } from '../../values/instant.ts'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import { isTaken, isTied } from '../observation.ts'
import { askChildAgain } from './children.ts'
import { allEnded, closingTells, nextClosingTells } from './closing.ts'
import { customerOf, isCustomerDeleted } from './customers.ts'
import { deriveEntitlements } from './derive-entitlements.ts'
import type { AccountEvent } from './events.ts'
import { answersAttach, asOfAfter, foldAccount, weighInAccount } from './folds.ts'
import { offersOfMethod } from './offers.ts'
import { expiringAt, expiresAt, hasUsableMethod, mustReplaceMethod } from './payment-method.ts'
import {
  readOfTied,
  readOfWallet,
  readsOfMissingMethods,
  requestAttachment,
  requestCustomer,
} from './reads.ts'
import { hasArrears, hasBadDebt, hasBan } from './standing.ts'
import { type AccountContext, emptyAccount } from './state.ts'

const types: ChartTypes<AccountContext, AccountEvent> = {}

const base = setup({ types, actions: { effect } })

const createCustomer = ask(requestCustomer)
const attach = ask(requestAttachment)
const readTied = ask(readOfTied)
const readWallet = ask(readOfWallet)
const readMissing = ask(readsOfMissingMethods)
const offerMethod = ask(offersOfMethod)
const askAgain = ask(askChildAgain)
const cancelSubscriptions = ask(closingTells)
const cancelNext = ask(nextClosingTells)

/** What is asked for depends on what was known before. */
const keepChild = [offerMethod, askAgain, 'keep', 'deriveEntitlements'] as const

/**
 * A customer's account: how it stands with us, how it pays, and what it may use. It folds the
 * summaries of its subscriptions, invoices and dunning cases, so that the entitlement snapshot is
 * part of its own commit.
 */
export const accountMachine = base
  .extend({
    actions: {
      keep: assign(({ context, event }) => foldAccount(context, event)),
      keepTime: assign({ asOf: ({ context, event }) => asOfAfter(context, event) }),
      deriveEntitlements: assign(({ context, event }) => ({
        entitlements: deriveEntitlements(context, event),
      })),
      /** What is asked again is not refused any more: so it is asked once. */
      forgetRejection: assign({ rejection: null }),
    },
    guards: {
      isNew: ({ context }) => context.createdAt === null,
      isNews: ({ context, event }) => isTaken(weighInAccount(context, event)),
      isTied: ({ context, event }) => isTied(weighInAccount(context, event)),
      /**
       * Reasons are a set: only one that is there can be lifted, and only one that is not can be
       * added.
       */
      hasThisBan: ({ context, event }) =>
        event.type === 'account.unban' && Object.hasOwn(context.bans, event.reason),
      lacksThisBan: ({ context, event }) =>
        event.type === 'account.ban' && !Object.hasOwn(context.bans, event.reason),
      hasCustomer: ({ context }) => customerOf(context) !== null,
      customerRefused: ({ context }) =>
        customerOf(context) === null && context.rejection?.effect === 'customer.create',
      answersAttach: ({ context, event }) => answersAttach(context, event),
      hasBan: ({ context }) => hasBan(context),
      hasBadDebt: ({ context }) => hasBadDebt(context),
      hasArrears: ({ context }) => hasArrears(context),
      hasUsableMethod: ({ context }) =>
        context.asOf !== null && hasUsableMethod(context, context.asOf),
      mustReplaceMethod: ({ context }) => mustReplaceMethod(context),
      isExpiring: ({ context }) => context.asOf !== null && context.asOf >= expiringAt(context),
      allEnded: ({ context }) => allEnded(context),
      customerDeleted: ({ context }) => isCustomerDeleted(context),
    },
    delays: {
      untilExpiring: ({ context, event }) => msOf(expiringAt(context)) - msOf(event.at),
      untilExpired: ({ context, event }) => msOf(expiresAt(context)) - msOf(event.at),
    },
  })
  .createMachine({
    id: 'account',
    description: 'A customer: how they stand with us, how they pay, what they may use.',
    context: ({ input }) => emptyAccount(input.id),
    type: 'parallel',
    states: {
      record: {
        description: 'What is known of the account, whatever it leads to.',
        initial: 'keeping',
        states: {
          keeping: {
            description:
              'Keeps what is news, and asks for a fresh read where two words of one second differ.',
            on: {
              'account.create': {
                // What the provider refused, such as an address, may be mended.
                guard: or(['isNew', 'customerRefused']),
                actions: ['keep', 'forgetRejection', 'deriveEntitlements', createCustomer],
              },
              'payment_method.add': {
                guard: not('customerDeleted'),
                actions: ['keep', attach],
              },
              'account.ban': { guard: 'lacksThisBan', actions: ['keep', 'deriveEntitlements'] },
              'account.unban': { guard: 'hasThisBan', actions: ['keep', 'deriveEntitlements'] },
              'customer.observed': [
                {
                  guard: 'isTied',
                  actions: ['keep', 'deriveEntitlements', readTied],
                },
                {
                  guard: 'isNews',
                  actions: [offerMethod, 'keep', 'deriveEntitlements'],
                },
                { guard: 'answersAttach', actions: 'keep' },
              ],
              'customer.hinted': { actions: readWallet },
              'wallet.observed': { actions: readMissing },
              'payment_method.observed': [
                { guard: 'isTied', actions: ['keep', readTied] },
                { guard: 'isNews', actions: 'keep' },
              ],
              'subscription.changed': { guard: 'isNews', actions: keepChild },
              'invoice.changed': { guard: 'isNews', actions: keepChild },
              'dunning.changed': { guard: 'isNews', actions: keepChild },
              'effect.rejected': { actions: 'keep' },
              'effect.parked': { actions: 'keep' },
              refresh: [
                { guard: 'hasCustomer', actions: readWallet },
                { guard: 'customerRefused', actions: ['forgetRejection', createCustomer] },
              ],
            },
          },
        },
      },
      standing: {
        description: 'How the account stands with us: decided here, from its debts and bans alone.',
        initial: 'good',
        states: {
          good: {
            description: 'Owes nothing that is overdue.',
            always: [
              { guard: 'hasBan', target: 'banned' },
              { guard: 'hasBadDebt', target: 'bad_debt' },
              { guard: 'hasArrears', target: 'delinquent' },
            ],
          },
          delinquent: {
            description: 'A payment has failed and is being collected.',
            always: [
              { guard: 'hasBan', target: 'banned' },
              { guard: 'hasBadDebt', target: 'bad_debt' },
              { guard: not('hasArrears'), target: 'good' },
            ],
          },
          bad_debt: {
            description: 'A debt was given up; paying it makes good.',
            always: [
              { guard: 'hasBan', target: 'banned' },
              { guard: not('hasBadDebt'), target: 'delinquent' },
            ],
          },
          banned: {
            description:
              'Shut out for one reason or several; it ends when the last of them is lifted.',
            always: { guard: not('hasBan'), target: 'bad_debt' },
          },
        },
      },
      paymentMethod: {
        description: 'Whether the account can be charged.',
        initial: 'none',
        states: {
          none: {
            description: 'There is no payment method that could be charged.',
            always: [
              { guard: 'mustReplaceMethod', target: 'required' },
              { guard: 'hasUsableMethod', target: 'valid' },
            ],
          },
          valid: {
            description: 'There is one, good for at least another month.',
            always: [
              { guard: 'mustReplaceMethod', target: 'required' },
              { guard: not('hasUsableMethod'), target: 'none' },
              { guard: 'isExpiring', target: 'expiring' },
            ],
            after: { untilExpiring: { target: 'expiring', actions: 'keepTime' } },
            on: {
              'customer.observed': { guard: 'isNews', target: 'valid', reenter: true },
              'payment_method.observed': { guard: 'isNews', target: 'valid', reenter: true },
            },
          },
          expiring: {
            description: 'It expires within a month: the customer should be asked for another.',
            always: [
              { guard: 'mustReplaceMethod', target: 'required' },
              { guard: not('hasUsableMethod'), target: 'none' },
              { guard: not('isExpiring'), target: 'valid' },
            ],
            after: { untilExpired: { target: 'none', actions: 'keepTime' } },
            on: {
              'customer.observed': { guard: 'isNews', target: 'expiring', reenter: true },
              'payment_method.observed': { guard: 'isNews', target: 'expiring', reenter: true },
            },
          },
          required: {
            description: 'Dunning demands another payment method than the one that failed.',
            always: { guard: not('mustReplaceMethod'), target: 'none' },
          },
        },
      },
      lifecycle: {
        description: 'Whether the account is in use.',
        initial: 'open',
        states: {
          open: {
            description: 'In use.',
            always: {
              guard: 'customerDeleted',
              target: 'closed',
              actions: cancelSubscriptions,
            },
            on: {
              'account.close': {
                target: 'closing',
                actions: ['keep', 'deriveEntitlements', cancelSubscriptions],
              },
            },
          },
          closing: {
            description: 'Its subscriptions are being cancelled.',
            on: {
              'subscription.changed': { guard: 'isNews', actions: cancelNext },
              'account.close': { actions: cancelSubscriptions },
            },
            always: [
              { guard: 'customerDeleted', target: 'closed' },
              { guard: 'allEnded', target: 'closed' },
            ],
          },
          closed: {
            description: 'Out of use, for good. Its debts and its history remain.',
            on: { 'subscription.changed': { guard: 'isNews', actions: cancelNext } },
          },
        },
      },
    },
  })
