import { contextOf } from '../actors/decision/read-snapshot.ts'
import { AccountContext } from '../machines/account/state.ts'
import { rowsOf, valueOf } from './row.ts'

/** One row per account, by its id: what a list of accounts shows. */
export const accountsView = rowsOf('accounts', 'account', 'latest', (entry) => {
  const account = contextOf(entry, AccountContext)
  const value = valueOf(entry)
  return [
    {
      key: account.id,
      value: {
        id: account.id,
        email: account.email,
        name: account.name,
        currency: account.currency,
        standing: value['standing'] ?? null,
        lifecycle: value['lifecycle'] ?? null,
        paymentMethod: value['paymentMethod'] ?? null,
        subscriptions: Object.keys(account.subscriptions).length,
        createdAt: account.createdAt,
      },
    },
  ]
})
