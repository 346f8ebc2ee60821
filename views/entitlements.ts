import { contextOf } from '../actors/decision/read-snapshot.ts'
import { AccountContext } from '../machines/account/state.ts'
import { rowsOf } from './row.ts'

/** The newest entitlement snapshot of each account, by its id. Versioned by the account itself. */
export const entitlementsView = rowsOf('entitlements', 'account', 'latest', (entry) => {
  const { id, entitlements } = contextOf(entry, AccountContext)
  return [{ key: id, value: entitlements }]
})
