import { contextOf } from '../actors/decision/read-snapshot.ts'
import { PaymentContext } from '../machines/payment/state.ts'
import type { JsonObject } from '../values/json.ts'
import { rowsOf } from './row.ts'

/** Where money stands. `provider` is what the provider holds for us; the others say why. */
type LedgerAccount = 'provider' | 'customers' | 'refunds' | 'disputed' | 'dispute_losses'

interface Movement {
  /** The provider's fact that is booked; a fact is booked once, whatever arrives how often. */
  readonly fact: string
  readonly amountMinor: number
  readonly currency: string
  readonly at: string
  readonly from: LedgerAccount
  readonly to: LedgerAccount
}

/**
 * Double entry, append-only: one row per fact of a payment, by `<payment id>/<fact>`. Each
 * transaction has a debit and a credit of one amount in one currency, so that it balances by
 * construction (M3).
 */
export const ledgerView = rowsOf('ledger', 'payment', 'append', (entry) => {
  const payment = contextOf(entry, PaymentContext)
  return movementsOf(payment)
    .filter((movement) => movement.amountMinor > 0)
    .map((movement) => ({
      key: `${payment.id}/${movement.fact}`,
      value: transactionOf(payment, movement),
    }))
})

function movementsOf({ charges, refunds, refundsPaidOut, disputes }: PaymentContext): Movement[] {
  const movements: Movement[] = []
  for (const { facts, at } of Object.values(charges)) {
    if (facts.status !== 'succeeded' || !facts.captured) continue
    const { charge, currency, amountCapturedMinor: amountMinor } = facts
    const fact = `${charge}:captured`
    movements.push({ fact, amountMinor, currency, at, from: 'customers', to: 'provider' })
  }
  for (const { facts, at } of Object.values(refunds)) {
    if (!refundsPaidOut.includes(facts.refund)) continue
    const { refund, currency, amountMinor, status } = facts
    const money = { amountMinor, currency, at }
    movements.push({ ...money, fact: `${refund}:paid_out`, from: 'provider', to: 'refunds' })
    if (status === 'failed' || status === 'canceled') {
      movements.push({ ...money, fact: `${refund}:came_back`, from: 'refunds', to: 'provider' })
    }
  }
  for (const { facts, at } of Object.values(disputes)) {
    const { dispute, currency, amountMinor, status } = facts
    if (!['needs_response', 'under_review', 'won', 'lost'].includes(status)) continue
    const money = { amountMinor, currency, at }
    movements.push({ ...money, fact: `${dispute}:withdrawn`, from: 'provider', to: 'disputed' })
    if (status === 'won') {
      movements.push({ ...money, fact: `${dispute}:reinstated`, from: 'disputed', to: 'provider' })
    }
    if (status === 'lost') {
      movements.push({ ...money, fact: `${dispute}:lost`, from: 'disputed', to: 'dispute_losses' })
    }
  }
  return movements
}

function transactionOf(payment: PaymentContext, movement: Movement): JsonObject {
  const { fact, amountMinor, currency, at, from, to } = movement
  return {
    fact,
    at,
    currency,
    payment: payment.id,
    invoice: payment.invoice,
    account: payment.account,
    provider: payment.provider,
    postings: [
      { account: to, debitMinor: amountMinor, creditMinor: 0 },
      { account: from, debitMinor: 0, creditMinor: amountMinor },
    ],
  }
}
