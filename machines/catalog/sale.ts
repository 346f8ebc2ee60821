import type { PaymentMethodFacts } from '../account/facts.ts'
import { chargeableMethod } from '../account/payment-method.ts'
import type { AccountContext } from '../account/state.ts'
import { stateOf, type Standing } from '../chart-types.ts'
import type { Refusal } from '../refusals.ts'
import { termsOf, type Catalog } from './catalog.ts'
import type { PlanTerms } from './terms.ts'

// What may be sold and paid: said once, for every door. Pure.

export function isRefusal(answer: object): answer is Refusal {
  return 'code' in answer
}

/** The terms on which this plan is sold to this account today, or why it is not. */
export function saleOf(
  catalog: Catalog,
  plan: string,
  account: Standing<AccountContext>,
): PlanTerms | Refusal {
  const refused = refusalOfSale(account)
  if (refused) return refused
  const terms = termsOf(catalog, plan)
  if (terms === null) return { code: 'plan_unknown', plan }
  if (catalog.plans.some((one) => one.key === plan && one.archived)) {
    return { code: 'plan_archived', plan }
  }
  return refusalOfTerms(terms, account) ?? terms
}

/** Why nothing may be sold to this account; null if it may. */
function refusalOfSale({ value }: Standing<AccountContext>): Refusal | null {
  const lifecycle = stateOf(value, 'lifecycle')
  return lifecycle === 'open' ? null : { code: 'account_closed', lifecycle }
}

/** Why terms that are agreed elsewhere may not be sold to this account; null if they may. */
export function refusalOfTerms(
  { plan, currency: planCurrency }: PlanTerms,
  account: Standing<AccountContext>,
): Refusal | null {
  const { currency: accountCurrency } = account.context
  if (accountCurrency !== null && accountCurrency !== planCurrency) {
    return { code: 'plan_currency_mismatch', plan, planCurrency, accountCurrency }
  }
  return refusalOfSale(account)
}

/** The method that a payment would use: the named one, else the default one; or why none. */
export function payableWith(
  account: AccountContext,
  paymentMethod: string | null,
): PaymentMethodFacts | Refusal {
  if (paymentMethod === null)
    return chargeableMethod(account) ?? { code: 'payment_method_required' }
  const { paymentMethods } = account
  const known = Object.hasOwn(paymentMethods, paymentMethod) ? paymentMethods[paymentMethod] : null
  return known?.facts.attached === true
    ? known.facts
    : { code: 'payment_method_unknown', paymentMethod }
}
