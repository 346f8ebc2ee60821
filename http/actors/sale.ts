import type { Entry } from '../../actors/journal.ts'
import { contextOf, regionOf } from '../../actors/read-snapshot.ts'
import { chargeableMethod } from '../../machines/account/payment-method.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { termsOf, type Catalog } from '../../machines/catalog/catalog.ts'
import type { PlanTerms } from '../../machines/catalog/terms.ts'
import { refused } from '../problem.ts'

/** Refuses what would begin something on an account that is closing or closed. */
export function refuseClosed(account: Entry): void {
  const lifecycle = regionOf(account, 'lifecycle')
  if (lifecycle !== 'open') throw refused({ code: 'account_closed', lifecycle })
}

/**
 * The terms on which this plan is sold to this account today; throws the refusal where it is not.
 */
export function termsFor(catalog: Catalog, plan: string, account: Entry): PlanTerms {
  const terms = termsOf(catalog, plan)
  if (terms === null) throw refused({ code: 'plan_unknown', plan })
  if (catalog.plans.some((one) => one.key === plan && one.archived)) {
    throw refused({ code: 'plan_archived', plan })
  }
  const accountCurrency = contextOf(account, AccountContext).currency
  const planCurrency = terms.currency
  if (accountCurrency !== null && accountCurrency !== planCurrency) {
    throw refused({ code: 'plan_currency_mismatch', plan, planCurrency, accountCurrency })
  }
  return terms
}

/** Refuses a payment for which there is no method, or with one that the account does not have. */
export function refuseUnpayable(account: AccountContext, paymentMethod: string | null): void {
  if (paymentMethod === null) {
    if (chargeableMethod(account) === null) throw refused({ code: 'payment_method_required' })
    return
  }
  const { paymentMethods } = account
  const known = Object.hasOwn(paymentMethods, paymentMethod) ? paymentMethods[paymentMethod] : null
  if (known?.facts.attached !== true) {
    throw refused({ code: 'payment_method_unknown', paymentMethod })
  }
}
