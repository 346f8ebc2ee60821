import { expect, test } from 'vitest'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { summaryOf } from '../../machines/invoice/summaries.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import { canonical } from '../../values/json.ts'
import { regionsOf } from './tables.ts'
import { walk, type WalkedStep, type Situation } from './walk.ts'

function announces({ asked }: WalkedStep): boolean {
  return asked.some(({ params }) => canonical(params).includes('.changed"'))
}

function nameOf({ from, by }: WalkedStep): string {
  return `${by} in ${canonical(from.snapshot.value)}`
}

test('an account hears whatever changes of a subscription', () => {
  const summary = ({ snapshot }: Situation) => {
    const { account, terms, quantity, cancelAt } = SubscriptionContext.parse(snapshot.context)
    if (account === null) return null
    return canonical([regionsOf(snapshot.value)['status'], terms, quantity, cancelAt])
  }
  const silent = walk('subscription').steps.filter(
    (step) =>
      summary(step.from) !== null && summary(step.from) !== summary(step.to) && !announces(step),
  )
  expect([...new Set(silent.map(nameOf))]).toEqual([])
})

test('an invoice that fails no more, or was refused for good, says so at once', () => {
  const summary = ({ snapshot }: Situation) => {
    const [status = ''] = (regionsOf(snapshot.value)['status'] ?? '').split('.')
    return summaryOf(InvoiceContext.parse(snapshot.context), status)
  }
  const silent = walk('invoice').steps.filter((step) => {
    const [before, after] = [summary(step.from), summary(step.to)]
    const mends = before.failing && !after.failing
    const hardens = after.failing && before.hardDecline === null && after.hardDecline !== null
    return (mends || hardens) && !announces(step)
  })
  expect([...new Set(silent.map(nameOf))]).toEqual([])
})
