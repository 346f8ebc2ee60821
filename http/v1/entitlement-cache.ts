import type { Entry } from '../../actors/journal/journal.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import { Entitlements } from '../../machines/account/entitlements.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { idOf, typeOf } from '../../values/ids.ts'
import type { HttpDeps } from '../deps.ts'
import { presentEntitlements } from '../resources/entitlements.ts'

/** An account's entitlements as they are sent. */
export interface EntitlementAnswer {
  readonly version: number
  /** The JSON of the API's `entitlements`. */
  readonly text: string
  readonly etag: string
}

interface CachedEntitlements {
  readonly answer: EntitlementAnswer
  /** When it was last known to be the newest, in ms of the computer's monotonic clock. */
  readonly checkedMs: number
}

export interface EntitlementCache {
  /** What is in memory and need not be checked; null if it must be `read`. */
  fresh(accountId: string): EntitlementAnswer | null
  /** The newest, or null if there is no such account. Throws what the store throws. */
  read(accountId: string): Promise<EntitlementAnswer | null>
  close(): void
}

type Deps = Pick<HttpDeps, 'runtime' | 'store' | 'limits'>

/**
 * Entitlements in memory, as text: fed by every commit of this process, filled from the view on a
 * miss,
 * checked against it once they are older than `entitlementsFreshMs`, for what other processes
 * commit. A version never goes back. While the store is away, what is kept is served for
 * `entitlementsStaleMs` more.
 */
export function createEntitlementCache(deps: Deps, nowMs: () => number): EntitlementCache {
  const { entitlementsCached, entitlementsFreshMs, entitlementsStaleMs } = deps.limits
  // A Map keeps the order of insertion, which makes its first key the one unused for longest.
  const kept = new Map<string, CachedEntitlements>()
  const asking = new Map<string, Promise<EntitlementAnswer | null>>()

  function keep(accountId: string, found: Entitlements): EntitlementAnswer {
    const known = kept.get(accountId)?.answer
    const isNewest = known !== undefined && known.version >= found.version
    const answer = isNewest ? known : answerOf(accountId, found)
    kept.delete(accountId)
    kept.set(accountId, { answer, checkedMs: nowMs() })
    const [oldest] = kept.size > entitlementsCached ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    return answer
  }

  function askOnce(accountId: string): Promise<EntitlementAnswer | null> {
    const known = asking.get(accountId)
    if (known) return known
    const asked = entitlementsOf(deps, accountId)
      .then((found) => found && keep(accountId, found))
      .finally(() => asking.delete(accountId))
    asking.set(accountId, asked)
    return asked
  }

  const unsubscribe = deps.runtime.subscribe((entry) => {
    if (typeOf(entry.actor) !== 'account' || !kept.has(idOf(entry.actor))) return
    keep(idOf(entry.actor), entitlementsIn(entry))
  })

  function isFresh({ checkedMs }: CachedEntitlements): boolean {
    return nowMs() - checkedMs <= entitlementsFreshMs
  }

  return {
    fresh(accountId) {
      const known = kept.get(accountId)
      return known !== undefined && isFresh(known) ? known.answer : null
    },
    async read(accountId) {
      const known = kept.get(accountId)
      if (known === undefined) return askOnce(accountId)
      if (isFresh(known)) return known.answer
      try {
        return await askOnce(accountId)
      } catch (error) {
        if (nowMs() - known.checkedMs > entitlementsStaleMs) throw error
        return known.answer
      }
    },
    close: unsubscribe,
  }
}

/** As the store has them; null if there is no such account. */
export async function entitlementsOf(
  { store, runtime }: Pick<Deps, 'store' | 'runtime'>,
  accountId: string,
): Promise<Entitlements | null> {
  const row = await store.viewRow('entitlements', accountId)
  if (row !== null) return Entitlements.parse(row)
  // An account that was heard of and not yet created has no row, and no features.
  const entry = await runtime.read(`account/${accountId}`)
  return entry && entitlementsIn(entry)
}

function entitlementsIn(entry: Entry): Entitlements {
  return contextOf(entry, AccountContext).entitlements
}

function answerOf(accountId: string, entitlements: Entitlements): EntitlementAnswer {
  const { version } = entitlements
  const text = JSON.stringify(presentEntitlements(accountId, entitlements))
  return { version, text, etag: `"${accountId}-${version}"` }
}
