import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../actors/ports.ts'
import { defaultHttpLimits } from '../limits.ts'
import {
  haveAccount,
  haveActive,
  openWorld,
  subscriptionSays,
  type World,
} from '../testing/world.ts'
import { createEntitlementCache } from './entitlement-cache.ts'

const limits = {
  ...defaultHttpLimits,
  entitlementsFreshMs: 1_000,
  entitlementsStaleMs: 60_000,
  entitlementsCached: 2,
}

/** A cache on a clock of the test's own, over a store that counts its reads and can fail. */
function cacheOver(world: World) {
  let nowMs = 0
  let isDown = false
  let reads = 0
  const viewRow: World['store']['viewRow'] = (view, key) => {
    reads += 1
    if (isDown) return Promise.reject(new StoreUnavailable('down'))
    return world.store.viewRow(view, key)
  }
  const deps = { runtime: world.runtime, store: { ...world.store, viewRow }, limits }
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
  return (await cache.read('acct_own'))?.features['api']?.granted
}

describe('entitlements in memory', () => {
  test('are asked of the store once, however many ask while it is asked', async () => {
    const world = openWorld()
    await haveActive(world)
    const { cache, reads } = cacheOver(world)
    await Promise.all(Array.from({ length: 20 }, () => granted(cache)))
    await granted(cache)
    expect(reads()).toBe(1)
  })

  test('follow a commit of another process within a second', async () => {
    const world = openWorld()
    await haveActive(world)
    const { cache, wait } = cacheOver(world)
    expect(await granted(cache)).toBe(true)
    const other = openWorld({ store: world.store })
    const says = subscriptionSays('acct_own', 'canceled')
    await other.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    expect(await granted(cache)).toBe(true)
    wait(1_001)
    expect(await granted(cache)).toBe(false)
  })

  test('follow a commit of this process at once, with no read', async () => {
    const world = openWorld()
    await haveActive(world)
    const { cache, reads } = cacheOver(world)
    await granted(cache)
    const says = subscriptionSays('acct_own', 'canceled')
    await world.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    expect(await granted(cache)).toBe(false)
    expect(reads()).toBe(1)
  })

  test('outlive an outage of the store for as long as is allowed, and no longer', async () => {
    const world = openWorld()
    await haveActive(world)
    const { cache, wait, breakStore } = cacheOver(world)
    await granted(cache)
    breakStore()
    wait(60_000)
    expect(await granted(cache)).toBe(true)
    wait(1)
    await expect(granted(cache)).rejects.toThrow(StoreUnavailable)
  })

  test('never go back to an older version', async () => {
    const world = openWorld()
    await haveActive(world)
    const old = await world.store.viewRow('entitlements', 'acct_own')
    const lagging = { ...world.store, viewRow: async () => old }
    let nowMs = 0
    const deps = { runtime: world.runtime, store: lagging, limits }
    const cache = createEntitlementCache(deps, () => nowMs)
    await granted(cache)
    const says = subscriptionSays('acct_own', 'canceled')
    await world.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    nowMs += 1_001
    expect(await granted(cache)).toBe(false)
  })

  test('are kept for so many accounts, and those that changed least recently go first', async () => {
    const world = openWorld()
    for (const id of ['acct_a', 'acct_b', 'acct_c']) await haveAccount(world, id)
    const { cache, reads } = cacheOver(world)
    for (const id of ['acct_a', 'acct_b', 'acct_c', 'acct_c', 'acct_b']) await cache.read(id)
    expect(reads()).toBe(3)
    await cache.read('acct_a')
    expect(reads()).toBe(4)
  })

  test('of an unknown account are null, and leave nothing in memory', async () => {
    const { cache, reads } = cacheOver(openWorld())
    expect(await cache.read('acct_none')).toBeNull()
    expect(await cache.read('acct_none')).toBeNull()
    expect(reads()).toBe(2)
  })
})
