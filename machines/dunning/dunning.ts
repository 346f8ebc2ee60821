import { and, assign, not, setup } from 'xstate'
import { msOf } from '../../values/instant.ts'
import { ask, effect, type ChartTypes } from '../chart-types.ts'
import { enforceNow, foldDemand, foldOffered, mustDemandMethod } from './demand.ts'
import { thanks } from './emails.ts'
import type { DunningEvent } from './events.ts'
import { foldInvoice, isNews } from './invoice.ts'
import { type DunningContext, emptyCase } from './state.ts'
import { foldStep, nextStep, nextStepAt, requestPolicy, stepEffects } from './steps.ts'

const types: ChartTypes<DunningContext, DunningEvent> = {}

const base = setup({ types, actions: { effect } })

const askForPolicy = ask(requestPolicy)
const performStep = ask(stepEffects)
const demandMethod = ask(enforceNow)
const thank = ask(thanks)

function tells(status: string) {
  return ({ event }: { event: DunningEvent }) =>
    event.type === 'invoice.changed' && event.status === status
}

/**
 * One unpaid invoice, collected by a policy: steps by day, counted from when the invoice fell due,
 * or from the opening of a case that comes too late for that. Time drives the steps, also where no
 * attempt can be made; only the invoice's own word ends the case.
 */
export const dunningMachine = base
  .extend({
    actions: {
      keepInvoice: assign(foldInvoice),
      keepPolicy: assign(({ event }) =>
        event.type === 'policy.given' ? { policy: event.policy } : {},
      ),
      countStep: assign(foldStep),
      keepDemand: assign(foldDemand),
      keepOffered: assign(foldOffered),
    },
    guards: {
      isNews,
      hasPolicy: ({ context }) => context.policy !== null,
      tellsPaid: tells('paid'),
      tellsVoid: tells('void'),
      tellsDeleted: tells('deleted'),
      tellsWrittenOff: tells('uncollectible'),
      invoiceIsWrittenOff: ({ context }) => context.invoice?.status === 'uncollectible',
      hasStep: ({ context }) => nextStep(context) !== null,
      stepWritesOff: ({ context }) => nextStep(context)?.do === 'write_off',
      mustDemandMethod: ({ context }) => mustDemandMethod(context),
    },
    delays: {
      nextStep: ({ context, event }) => msOf(nextStepAt(context, event.at)) - msOf(event.at),
    },
  })
  .createMachine({
    id: 'dunning',
    description: 'The collection of one unpaid invoice.',
    context: ({ input }) => emptyCase(input.id),
    initial: 'opening',
    on: {
      'invoice.changed': [
        { guard: and(['isNews', 'tellsPaid']), target: '.recovered', actions: 'keepInvoice' },
        { guard: and(['isNews', 'tellsVoid']), target: '.closed', actions: 'keepInvoice' },
        { guard: and(['isNews', 'tellsDeleted']), target: '.closed', actions: 'keepInvoice' },
        {
          guard: and(['isNews', 'tellsWrittenOff', 'hasPolicy']),
          target: '.bad_debt',
          actions: 'keepInvoice',
        },
        { guard: 'isNews', actions: 'keepInvoice' },
      ],
      'payment_method.available': { actions: 'keepOffered' },
    },
    states: {
      opening: {
        description:
          'The invoice has failed; the policy of the day is being fetched, to be kept with the case.',
        on: {
          'invoice.changed': [
            { guard: and(['isNews', 'tellsPaid']), target: 'recovered', actions: 'keepInvoice' },
            { guard: and(['isNews', 'tellsVoid']), target: 'closed', actions: 'keepInvoice' },
            { guard: and(['isNews', 'tellsDeleted']), target: 'closed', actions: 'keepInvoice' },
            { guard: 'isNews', actions: ['keepInvoice', askForPolicy] },
          ],
          'policy.given': [
            { guard: 'invoiceIsWrittenOff', target: 'bad_debt', actions: 'keepPolicy' },
            { target: 'collecting', actions: 'keepPolicy' },
          ],
        },
      },
      collecting: {
        description: 'Steps are taken on their days until the invoice is paid or written off.',
        always: {
          guard: 'mustDemandMethod',
          actions: [demandMethod, 'keepDemand'],
        },
        after: {
          nextStep: [
            { guard: 'stepWritesOff', target: 'bad_debt', actions: [performStep, 'countStep'] },
            { target: 'collecting', reenter: true, actions: [performStep, 'countStep'] },
          ],
        },
      },
      bad_debt: {
        description:
          'Hope was given up: the debt is bad until it is paid. What remains of the policy goes on.',
        initial: 'waiting',
        states: {
          waiting: {
            description: 'Another step has its day to come.',
            always: [
              {
                guard: 'mustDemandMethod',
                actions: [demandMethod, 'keepDemand'],
              },
              { guard: not('hasStep'), target: 'exhausted' },
            ],
            after: {
              nextStep: {
                target: '#dunning.bad_debt',
                reenter: true,
                actions: [performStep, 'countStep'],
              },
            },
          },
          exhausted: {
            description: 'The policy has no more steps; only a payment changes anything.',
          },
        },
      },
      recovered: {
        description: 'Paid after all; what was restricted is free again.',
        entry: thank,
        on: { 'invoice.changed': { guard: 'isNews', actions: 'keepInvoice' } },
      },
      closed: {
        description: 'The invoice was voided or removed: there is nothing to collect.',
        on: { 'invoice.changed': { guard: 'isNews', actions: 'keepInvoice' } },
      },
    },
  })
