import { z } from 'zod'
import { numberAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { Ground, SandboxState } from '../../kernel/state.ts'
import { notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import { parse, text } from '../api/parameters.ts'
import type { Part } from '../api/parts.ts'

export interface Movement {
  /** Minor units; negative leaves the balance. */
  readonly amount: number
  readonly fee: number
  readonly currency: string
  readonly type: 'charge' | 'payment' | 'refund' | 'refund_failure' | 'adjustment'
  readonly category: 'charge' | 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal'
  /** The charge, refund or dispute that moved the money. */
  readonly source: string
}

/** Stripe's list price in the United States: 2.9 % and 30 minor units. */
export function chargeFee(amount: number): number {
  return Math.round(amount * 0.029) + 30
}

/** Kept by Stripe for a dispute, whoever wins. */
export const disputeFee = 1500

/** Books a movement at once as available: the twin simulates no payouts. Inside a unit of work. */
export function bookMovement(state: SandboxState, movement: Movement): StripeObject {
  const { amount, fee, currency, type, category, source } = movement
  const transaction: StripeObject = {
    id: state.newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: state.now(),
    balance_type: 'payments',
    created: state.now(),
    currency,
    description: null,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [
            {
              amount: fee,
              application: null,
              currency,
              description: 'Stripe processing fees',
              type: 'stripe_fee',
            },
          ],
    livemode: false,
    net: amount - fee,
    reporting_category: category,
    source,
    status: 'available',
    type,
  }
  state.table('balance_transaction').put(transaction)
  return transaction
}

const ListInput = z.strictObject({
  ...listParameters,
  type: text.optional(),
  source: text.optional(),
  currency: text.optional(),
})

export function createBalance(state: Ground): Part {
  const table = state.table('balance_transaction')

  function available() {
    const sums = new Map<string, number>()
    for (const transaction of table.all()) {
      const currency = textAt(transaction, 'currency') ?? ''
      sums.set(currency, (sums.get(currency) ?? 0) + (numberAt(transaction, 'net') ?? 0))
    }
    return [...sums].map(([currency, amount]) => ({ amount, currency, source_types: {} }))
  }

  return {
    routes: [
      {
        method: 'GET',
        path: '/v1/balance',
        handle: () => ({
          object: 'balance',
          available: available(),
          livemode: false,
          pending: [],
        }),
      },
      {
        method: 'GET',
        path: '/v1/balance_transactions',
        handle({ input }) {
          const request = parse(ListInput, input)
          const { type, source, currency } = request
          const objects = table
            .all()
            .filter((found) => type === undefined || textAt(found, 'type') === type)
            .filter((found) => source === undefined || textAt(found, 'source') === source)
            .filter((found) => currency === undefined || textAt(found, 'currency') === currency)
          return paginate({ objects, request, url: '/v1/balance_transactions' })
        },
      },
      {
        method: 'GET',
        path: '/v1/balance_transactions/:id',
        handle({ param }) {
          const found = table.get(param('id'))
          if (found === undefined) throw notFound('balance transaction', param('id'))
          return found
        },
      },
      {
        method: 'GET',
        path: '/v1/account',
        handle: () => ({
          id: state.accountId,
          object: 'account',
          charges_enabled: true,
          country: 'US',
          default_currency: 'usd',
          details_submitted: true,
          email: null,
          metadata: {},
          payouts_enabled: false,
          settings: { dashboard: { display_name: 'Sandbox', timezone: 'Etc/UTC' } },
          type: 'standard',
        }),
      },
    ],
  }
}
