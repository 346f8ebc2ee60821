import type { AccountContext } from './state.ts'

/**
 * How an account stands with us. Never read off a provider's status: `active` does not mean paid.
 */
export type Standing = 'good' | 'delinquent' | 'bad_debt' | 'banned'

type Reasons = Pick<AccountContext, 'bans' | 'cases' | 'invoices'>

/** Banned for any reason at all: reasons are a set, and one is enough. */
export function hasBan({ bans }: Reasons): boolean {
  return Object.keys(bans).length > 0
}

/** Some debt was given up and not recovered. */
export function hasBadDebt({ cases }: Reasons): boolean {
  return Object.values(cases).some((dunning) => dunning.stage === 'bad_debt')
}

/** Some invoice is being dunned, or its collection has failed. */
export function hasArrears({ cases, invoices }: Reasons): boolean {
  return (
    Object.values(cases).some((dunning) => dunning.stage === 'collecting') ||
    Object.values(invoices).some((invoice) => invoice.failing)
  )
}

export function standingOf(reasons: Reasons): Standing {
  if (hasBan(reasons)) return 'banned'
  if (hasBadDebt(reasons)) return 'bad_debt'
  return hasArrears(reasons) ? 'delinquent' : 'good'
}
