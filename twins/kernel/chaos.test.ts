import { describe, expect, test } from 'vitest'
import { msOf } from '../../values/instant.ts'
import {
  customerWith,
  failureOf,
  memoryStorage,
  openTwin,
  type Post,
} from '../stripe/twin-fixture.ts'
import { calm, ChaosDial, worst } from './chaos.ts'

const day = 86_400

/** Forty customers under this dial, and what was posted in the next four days. */
async function weather(dial: ChaosDial) {
  const sandbox = openTwin()
  const start = msOf(sandbox.now())
  sandbox.twin.chaos.set(dial)
  for (let n = 0; n < 40; n += 1) {
    await sandbox.stripe.customers.create({}, { idempotencyKey: `customer-${n}` })
  }
  await sandbox.after(4 * day)
  const seconds = ({ at }: Post) => (msOf(at) - start) / 1000
  return { posts: sandbox.posts, seconds, trace: sandbox.posts.map((p) => `${seconds(p)} ${p.id}`) }
}

/** How often each event came, in the order of their first coming. */
function copies(posts: readonly Post[]): number[] {
  const counts = new Map<string, number>()
  for (const { id } of posts) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts.values()]
}

describe('the chaos dial', () => {
  test('at rest changes nothing', async () => {
    const { posts, seconds } = await weather(calm)
    expect(posts.map(seconds)).toEqual(Array.from({ length: 40 }, () => 0))
  })

  test('doubles every webhook', async () => {
    const { posts } = await weather({ ...calm, duplicate: 1 })
    expect(copies(posts)).toEqual(Array.from({ length: 40 }, () => 2))
  })

  test('shuffles the webhooks of one moment, losing none', async () => {
    const [still, shaken] = [await weather(calm), await weather({ ...calm, shuffle: true })]
    expect(shaken.trace).not.toEqual(still.trace)
    expect([...shaken.trace].sort()).toEqual([...still.trace].sort())
  })

  test('delays each copy by its own time, up to the bound', async () => {
    const { posts, seconds } = await weather({ ...calm, delayMaxSeconds: 3600 })
    const times = posts.map(seconds)
    expect(Math.max(...times)).toBeLessThanOrEqual(3600)
    expect(Math.max(...times)).toBeGreaterThan(3000)
    expect(Math.min(...times)).toBeLessThan(600)
    expect(posts).toHaveLength(40)
  })

  test('loses the first try of a share, which the retry brings', async () => {
    const { posts, seconds } = await weather({ ...calm, dropUntilRetry: 1 / 3 })
    expect(copies(posts)).toEqual(Array.from({ length: 40 }, () => 1))
    const late = posts.filter((post) => seconds(post) > 0)
    expect(late.length).toBeGreaterThan(5)
    expect(late.length).toBeLessThan(25)
    expect(new Set(late.map(seconds))).toEqual(new Set([300]))
  })

  test('at its worst doubles, shuffles, delays up to a day and loses, and brings all in the end', async () => {
    const { posts, seconds } = await weather(worst('storm'))
    expect(copies(posts)).toEqual(Array.from({ length: 40 }, () => 2))
    expect(Math.max(...posts.map(seconds))).toBeGreaterThan(day / 2)
  })

  test('draws by its seed: the same seed the same weather, another seed another', async () => {
    const [one, again, other] = [
      await weather(worst('a')),
      await weather(worst('a')),
      await weather(worst('b')),
    ]
    expect(again.trace).toEqual(one.trace)
    expect(other.trace).not.toEqual(one.trace)
  })

  test('is kept over a restart, and refuses what is no dial', () => {
    const storage = memoryStorage()
    const { twin } = openTwin({ storage })
    twin.chaos.set({ duplicate: 2 })
    expect(openTwin({ storage }).twin.chaos.get()).toEqual({ ...calm, duplicate: 2 })
    expect(() => twin.chaos.set({ http500: 2 })).toThrow(/http500/)
    expect(ChaosDial.safeParse({ nonsense: 1 }).success).toBe(false)
  })
})

describe('a request under chaos', () => {
  test('answered 500 is answered so for its key ever after, done or not', async () => {
    const { stripe, twin } = openTwin()
    twin.chaos.set({ http500: 1 })
    for (let n = 0; n < 12; n += 1) {
      const create = () => stripe.customers.create({}, { idempotencyKey: `key-${n}` })
      expect(await failureOf(create())).toMatchObject({ statusCode: 500 })
      expect(await failureOf(create())).toMatchObject({ statusCode: 500 })
    }
    twin.chaos.set({})
    const again = stripe.customers.create({}, { idempotencyKey: 'key-0' })
    expect(await failureOf(again)).toMatchObject({ statusCode: 500 })
    const done = (await stripe.customers.list({ limit: 100 })).data.length
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(12)
  })

  test('refused with 429 has done nothing, and its key may be used again', async () => {
    const { stripe, twin } = openTwin()
    twin.chaos.set({ http429: 1 })
    const create = () => stripe.customers.create({}, { idempotencyKey: 'key' })
    expect(await failureOf(create())).toMatchObject({ statusCode: 429 })
    twin.chaos.set({})
    expect((await create()).object).toBe('customer')
  })

  test('meets the same fate in whatever order requests arrive', async () => {
    async function failed(keys: readonly number[]): Promise<number[]> {
      const { stripe, twin } = openTwin()
      twin.chaos.set({ seed: 'order', http429: 0.3, http500: 0.3 })
      const answered = await Promise.all(
        keys.map((n) =>
          stripe.customers.create({}, { idempotencyKey: `key-${n}` }).then(
            () => [],
            () => [n],
          ),
        ),
      )
      return answered.flat().sort((a, b) => a - b)
    }
    const keys = Array.from({ length: 20 }, (_, n) => n)
    const fates = await failed(keys)
    expect(fates.length).toBeGreaterThan(0)
    expect(await failed(keys.toReversed())).toEqual(fates)
  })

  test('that only reads is never failed', async () => {
    const { stripe, twin } = openTwin()
    const { customer } = await customerWith(stripe, 'pm_card_visa')
    twin.chaos.set({ http500: 1, http429: 1 })
    expect((await stripe.customers.retrieve(customer)).id).toBe(customer)
  })
})
