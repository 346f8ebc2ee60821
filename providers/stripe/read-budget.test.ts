import { describe, expect, test } from 'vitest'
import { RetryLater } from '../../actors/port-errors.ts'
import { type Instant, plusMs } from '../../values/instant.ts'
import { createReadBudget, type Reader, type ReadBudgetOptions } from './read-budget.ts'

const start: Instant = '2027-01-31T12:00:00.000Z'

/**
 * The budget, and what it answers at so many milliseconds after the start: 0, or how long to wait.
 */
function budget(options: Partial<ReadBudgetOptions> = {}) {
  const reads = createReadBudget({ perSecond: 10, burst: 1, ...options })
  async function asks(
    keys: string | readonly string[],
    ms: number,
    {
      reader = 'webhook',
      work = () => Promise.resolve(),
    }: { reader?: Reader; work?: () => Promise<void> } = {},
  ): Promise<number> {
    const list = typeof keys === 'string' ? [keys] : keys
    try {
      await reads.spend({ keys: list, now: plusMs(start, ms), reader }, work)
      return 0
    } catch (error) {
      if (!(error instanceof RetryLater) || error.counts) throw error
      return error.afterMs ?? Number.NaN
    }
  }
  return {
    asks,
    slowDown: (ms: number, retryAfterMs: number | null) =>
      reads.slowDown(plusMs(start, ms), retryAfterMs),
  }
}

/** Everybody comes at once, and then when told. Answers when each read, and how often it came. */
async function crowd(
  { asks }: ReturnType<typeof budget>,
  keys: readonly string[],
): Promise<{ at: number[]; visits: number[] }> {
  const at = keys.map(() => 0)
  const visits = keys.map(() => 0)
  const due = keys.map((key, n) => ({ key, n, ms: 0 }))
  for (let next = due.shift(); next !== undefined; next = due.shift()) {
    const { key, n, ms } = next
    visits[n] = (visits[n] ?? 0) + 1
    const wait = await asks(key, ms)
    if (wait === 0) at[n] = ms
    else due.push({ key, n, ms: ms + wait })
    due.sort((a, b) => a.ms - b.ms)
  }
  return { at, visits }
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `cus_${n}`)

describe('the line for reads', () => {
  test('each is told once when its turn comes, in the order in which they came', async () => {
    const { at, visits } = await crowd(budget({ perSecond: 25, burst: 50 }), names(300))
    expect(at).toStrictEqual(at.toSorted((a, b) => a - b))
    expect(Math.max(...visits)).toBe(2)
    expect(at.filter((ms) => ms === 0)).toHaveLength(50)
    expect(at.at(-1)).toBe(10_000)
  })

  test('who comes back early keeps its place', async () => {
    const { asks } = budget()
    expect([await asks('a', 0), await asks('b', 0), await asks('c', 0)]).toEqual([0, 100, 200])
    expect(await asks('b', 50)).toBe(1050)
    expect([await asks('c', 200), await asks('b', 200)]).toEqual([0, 0])
  })

  test('who asks for what another will read comes after it', async () => {
    const { asks } = budget()
    await asks('a', 0)
    expect([await asks('b', 0), await asks('b', 0), await asks('c', 0)]).toEqual([100, 1100, 200])
  })

  test('reads that belong together have one turn, at which all of them are paid for', async () => {
    const { asks } = budget()
    expect(await asks(['a', 'b', 'c'], 0)).toBe(200)
    expect(await asks('d', 0)).toBe(300)
    expect(await asks(['a', 'b', 'c'], 200)).toBe(0)
  })

  test('a place whose owner is elsewhere goes to whoever comes', async () => {
    const { asks } = budget()
    for (const key of ['a', 'b', 'c']) await asks(key, 0)
    expect(await asks('elsewhere', 2099)).toBe(0)
    for (let n = 0; n < 25; n += 1) await asks(`new_${n}`, 2100)
    // Of the line of 25 that has come since, none waits longer for it.
    expect(await asks('last', 2100)).toBeLessThanOrEqual(2500)
  })

  test('two processes that take each other’s effects waste few places', async () => {
    const both = [budget({ perSecond: 25, burst: 50 }), budget({ perSecond: 25, burst: 50 })]
    let turn = 0
    const asks: ReturnType<typeof budget>['asks'] = async (...asked) => {
      turn += 7
      return (await both[(turn >> 2) % 2]?.asks(...asked)) ?? 0
    }
    const { at, visits } = await crowd({ asks, slowDown: () => {} }, names(900))
    expect(Math.max(...at)).toBeLessThan(25_000)
    expect(visits.reduce((sum, count) => sum + count, 0) / 900).toBeLessThan(3)
  })

  test('has a bound: past it each is told a time of its own after the line’s end', async () => {
    const { asks } = budget({ placesMax: 3 })
    const waits: number[] = []
    for (const name of names(8)) waits.push(await asks(name, 0))
    expect(waits).toEqual([0, 100, 200, 300, 500, 600, 700, 800])
    const { visits } = await crowd(budget({ placesMax: 100 }), names(300))
    expect(Math.max(...visits)).toBeLessThanOrEqual(3)
  })

  test('a clock that was a year ahead for a moment makes nobody wait for it', async () => {
    const { asks } = budget()
    await asks('a', 365 * 86_400_000)
    expect(await asks('b', 365 * 86_400_000)).toBe(100)
    expect(await asks('c', 1000)).toBe(200)
    expect([await asks('b', 1100), await asks('c', 1200)]).toEqual([0, 0])
  })
})

describe('a webhook that waits for an answer', () => {
  const hanging = { work: () => new Promise<void>(() => {}) }

  test('holds a place of our own work, and few of them may', async () => {
    const { asks } = budget({ perSecond: 1000, burst: 100, webhooksAtOnce: 2 })
    void asks('a', 0, hanging)
    void asks('b', 0, hanging)
    expect(await asks('c', 0)).toBeGreaterThanOrEqual(1000)
    expect(await asks('d', 0, { reader: 'effect' })).toBe(0)
  })

  test('gives its place back, also where the read fails', async () => {
    const { asks } = budget({ perSecond: 1000, burst: 100, webhooksAtOnce: 1 })
    const failing = { work: () => Promise.reject(new Error('reset')) }
    await expect(asks('a', 0, failing)).rejects.toThrow('reset')
    expect(await asks('b', 0)).toBe(0)
  })

  test('turned away while all of them hang, comes again as often as the pace allows', async () => {
    const world = budget({ perSecond: 10, burst: 1, webhooksAtOnce: 1 })
    void world.asks('hangs', 0, hanging)
    let visits = 0
    const due = names(100).map((key) => ({ key, ms: 0 }))
    for (let next = due.shift(); next !== undefined && next.ms < 30_000; next = due.shift()) {
      visits += 1
      due.push({ key: next.key, ms: next.ms + (await world.asks(next.key, next.ms)) })
      due.sort((a, b) => a.ms - b.ms)
    }
    expect(visits).toBeLessThanOrEqual(100 + 30 * 10 + 10)
  })
})

describe('what is under way already', () => {
  test('goes on at once, and those behind it wait for it', async () => {
    const { asks } = budget()
    await asks('a', 0)
    expect(await asks(['x', 'y'], 0, { reader: 'ongoing' })).toBe(0)
    expect(await asks('b', 0)).toBe(300)
  })
})

describe('a sweep', () => {
  test('takes only what is left of half the burst', async () => {
    const { asks } = budget({ burst: 10 })
    const sweep = { reader: 'sweep' } as const
    for (let n = 0; n < 5; n += 1) expect(await asks('x', 0, sweep)).toBe(0)
    expect(await asks('x', 0, sweep)).toBe(100)
    expect(await asks('webhook', 0)).toBe(0)
    expect(await asks('x', 100, sweep)).toBe(100)
    expect(await asks('x', 200, sweep)).toBe(0)
  })

  test('takes nothing while anybody waits', async () => {
    const { asks } = budget({ burst: 4 })
    for (const name of names(8)) await asks(name, 0)
    expect(await asks('x', 400, { reader: 'sweep' })).toBeGreaterThan(0)
  })
})

describe('a 429 of Stripe', () => {
  test('stops reads for as long as Stripe asks, and halves their pace', async () => {
    const { asks, slowDown } = budget({ perSecond: 10, burst: 10 })
    slowDown(0, 7000)
    expect([await asks('a', 0), await asks('b', 0), await asks('c', 0)]).toEqual([7000, 7200, 7400])
    expect(await asks('a', 7000)).toBe(0)
  })

  test('spreads again the places that were given, in their order', async () => {
    const { asks, slowDown } = budget()
    for (const key of ['a', 'b', 'c', 'd']) await asks(key, 0)
    slowDown(50, 3000)
    expect([await asks('b', 100), await asks('c', 200)]).toEqual([3950, 4050])
    expect([await asks('b', 3050), await asks('c', 3250), await asks('d', 3450)]).toEqual([0, 0, 0])
  })

  test('slows down once for a crowd, and more for the next', async () => {
    const { asks, slowDown } = budget({ perSecond: 8, burst: 1 })
    for (let n = 0; n < 10; n += 1) slowDown(0, null)
    expect([await asks('a', 0), await asks('b', 0)]).toEqual([1000, 1250])
    slowDown(1500, null)
    const waits = [await asks('c', 1500), await asks('d', 1500)]
    expect((waits[1] ?? 0) - (waits[0] ?? 0)).toBeGreaterThan(450)
  })

  test('is made good within a minute', async () => {
    const { asks, slowDown } = budget()
    slowDown(0, null)
    const waits: number[] = []
    for (const name of names(3)) waits.push(await asks(name, 60_000))
    expect(waits).toEqual([0, 100, 200])
  })
})
