import type { Entry } from '../../actors/journal.ts'
import { contextOf } from '../../actors/read-snapshot.ts'
import { Entitlements } from '../../machines/account/entitlements.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { idOf, typeOf } from '../../values/ids.ts'
import type { HttpDeps } from '../deps.ts'

interface CachedEntitlements {
  readonly entitlements: Entitlements
  /** When it was last known to be the newest, in ms of the computer's monotonic clock. */
  readonly checkedMs: number
}

export interface EntitlementCache {
  /** The newest snapshot, or null if there is no such account. Throws what the store throws. */
  read(accountId: string): Promise<Entitlements | null>
  close(): void
}

type Deps = Pick<HttpDeps, 'runtime' | 'store' | 'limits'>

/**
 * Entitlements in memory: fed by every commit of this process, filled from the view on a miss,
 * checked against it once they are older than `entitlementsFreshMs`, for what other processes
 * commit. A version never goes back. While the store is away, what is kept is served for
 * `entitlementsStaleMs` more.
 */
export function createEntitlementCache(deps: Deps, nowMs: () => number): EntitlementCache {
  const { entitlementsCached, entitlementsFreshMs, entitlementsStaleMs } = deps.limits
  // A Map keeps the order of insertion, which makes its first key the one unused for longest.
  const kept = new Map<string, CachedEntitlements>()
  const asking = new Map<string, Promise<Entitlements | null>>()

  function keep(accountId: string, entitlements: Entitlements): Entitlements {
    const known = kept.get(accountId)?.entitlements
    const newest = known && known.version > entitlements.version ? known : entitlements
    kept.delete(accountId)
    kept.set(accountId, { entitlements: newest, checkedMs: nowMs() })
    const [oldest] = kept.size > entitlementsCached ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    return newest
  }

  function askOnce(accountId: string): Promise<Entitlements | null> {
    const known = asking.get(accountId)
    if (known) return known
    const asked = lookUp(deps, accountId)
      .then((found) => found && keep(accountId, found))
      .finally(() => asking.delete(accountId))
    asking.set(accountId, asked)
    return asked
  }

  const unsubscribe = deps.runtime.subscribe((entry) => {
    if (typeOf(entry.actor) !== 'account' || !kept.has(idOf(entry.actor))) return
    keep(idOf(entry.actor), entitlementsIn(entry))
  })

  return {
    async read(accountId) {
      const known = kept.get(accountId)
      if (known === undefined) return askOnce(accountId)
      const ageMs = nowMs() - known.checkedMs
      if (ageMs <= entitlementsFreshMs) return known.entitlements
      try {
        return await askOnce(accountId)
      } catch (error) {
        if (ageMs > entitlementsStaleMs) throw error
        return known.entitlements
      }
    },
    close: unsubscribe,
  }
}

async function lookUp({ store, runtime }: Deps, accountId: string): Promise<Entitlements | null> {
  const row = await store.viewRow('entitlements', accountId)
  if (row !== null) return Entitlements.parse(row)
  // An account that was heard of and not yet created has no row, and no features.
  const entry = await runtime.read(`account/${accountId}`)
  return entry && entitlementsIn(entry)
}

function entitlementsIn(entry: Entry): Entitlements {
  return contextOf(entry, AccountContext).entitlements
}
