import { agreed, type IdentityKeeper, StoreIdentity } from '../identity.ts'
import type { Database } from './driver.ts'

/** One row, in a table of its own. */
export function createIdentity(database: Database): IdentityKeeper {
  database.exec(
    'CREATE TABLE IF NOT EXISTS identity (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL) STRICT',
  )
  function held(): StoreIdentity | null {
    const document = database.get('SELECT document FROM identity')?.['document']
    return typeof document === 'string' ? StoreIdentity.parse(JSON.parse(document)) : null
  }
  return {
    identity: async () => held(),
    async belongTo(asked) {
      database.transaction(() => {
        const document = JSON.stringify(agreed(held(), asked))
        database.run('INSERT OR REPLACE INTO identity VALUES (1, ?)', [document])
      })
    },
  }
}
