import { AccountContext } from '../machines/account/state.ts'
import { contextOf, rowsOf } from './row.ts'

/** The newest entitlement snapshot of each account, by its id. Versioned by the account itself. */
export const entitlementsView = rowsOf('entitlements', 'account', 'latest', (entry) => {
  const { id, entitlements } = AccountContext.parse(contextOf(entry))
  return [{ key: id, value: entitlements }]
})
