import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../actors/port-errors.ts'
import { openApi, type TestApi } from '../../test/harness/api.ts'
import { haveAccount, haveActive, subscriptionSays } from '../../test/harness/provider-says.ts'
import { defaultHttpLimits } from '../limits.ts'
import { WireEntitlements } from '../resources/entitlements.ts'
import { createEntitlementCache } from './entitlement-cache.ts'

const limits = {
  ...defaultHttpLimits,
  entitlementsFreshMs: 1_000,
  entitlementsStaleMs: 60_000,
  entitlementsCached: 2,
}

/** A cache on a clock of the test's own, over a store that counts its reads and can fail. */
function cacheOver(api: TestApi) {
  let nowMs = 0
  let isDown = false
  let reads = 0
  const viewRow: TestApi['store']['viewRow'] = (view, key) => {
    reads += 1
    if (isDown) return Promise.reject(new StoreUnavailable('down'))
    return api.store.viewRow(view, key)
  }
  const deps = { runtime: api.runtime, store: { ...api.store, viewRow }, limits }
  const cache = createEntitlementCache(deps, () => nowMs)
  return {
    cache,
    reads: () => reads,
    wait: (ms: number) => {
      nowMs += ms
    },
    breakStore: () => {
      isDown = true
    },
  }
}

async function granted(cache: ReturnType<typeof createEntitlementCache>): Promise<unknown> {
  const answer = await cache.read('acct_own')
  const shown = WireEntitlements.parse(JSON.parse(answer?.text ?? ''))
  expect(answer?.etag).toBe(`"acct_own-${shown.version}"`)
  return shown.features['api']?.granted
}

describe('entitlements in memory', () => {
  test('are asked of the store once, however many ask while it is asked', async () => {
    const api = openApi()
    await haveActive(api)
    const { cache, reads } = cacheOver(api)
    await Promise.all(Array.from({ length: 20 }, () => granted(cache)))
    await granted(cache)
    expect(reads()).toBe(1)
  })

  test('follow a commit of another process within a second', async () => {
    const api = openApi()
    await haveActive(api)
    const { cache, wait } = cacheOver(api)
    expect(await granted(cache)).toBe(true)
    const other = openApi({ store: api.store })
    const says = subscriptionSays('acct_own', 'canceled')
    await other.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    expect(await granted(cache)).toBe(true)
    wait(1_001)
    expect(await granted(cache)).toBe(false)
  })

  test('follow a commit of this process at once, with no read', async () => {
    const api = openApi()
    await haveActive(api)
    const { cache, reads } = cacheOver(api)
    await granted(cache)
    const says = subscriptionSays('acct_own', 'canceled')
    await api.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    expect(await granted(cache)).toBe(false)
    expect(reads()).toBe(1)
  })

  test('outlive an outage of the store for as long as is allowed, and no longer', async () => {
    const api = openApi()
    await haveActive(api)
    const { cache, wait, breakStore } = cacheOver(api)
    await granted(cache)
    breakStore()
    wait(60_000)
    expect(await granted(cache)).toBe(true)
    wait(1)
    await expect(granted(cache)).rejects.toThrow(StoreUnavailable)
  })

  test('never go back to an older version', async () => {
    const api = openApi()
    await haveActive(api)
    const old = await api.store.viewRow('entitlements', 'acct_own')
    const lagging = { ...api.store, viewRow: async () => old }
    let nowMs = 0
    const deps = { runtime: api.runtime, store: lagging, limits }
    const cache = createEntitlementCache(deps, () => nowMs)
    await granted(cache)
    const says = subscriptionSays('acct_own', 'canceled')
    await api.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    nowMs += 1_001
    expect(await granted(cache)).toBe(false)
  })

  test('are kept for so many accounts, and those that changed least recently go first', async () => {
    const api = openApi()
    for (const id of ['acct_a', 'acct_b', 'acct_c']) await haveAccount(api, id)
    const { cache, reads } = cacheOver(api)
    for (const id of ['acct_a', 'acct_b', 'acct_c', 'acct_c', 'acct_b']) await cache.read(id)
    expect(reads()).toBe(3)
    await cache.read('acct_a')
    expect(reads()).toBe(4)
  })

  test('of an unknown account are null, and leave nothing in memory', async () => {
    const { cache, reads } = cacheOver(openApi())
    expect(await cache.read('acct_none')).toBeNull()
    expect(await cache.read('acct_none')).toBeNull()
    expect(reads()).toBe(2)
  })
})
