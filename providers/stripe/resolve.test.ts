import { describe, expect, test } from 'vitest'
import { openStripe } from '../../test/harness/stripe-performer.ts'
import type { ActorRef } from '../../values/ids.ts'
import { createReadBudget } from './read-budget.ts'
import { safeId, type Target } from './refs.ts'
import { createResolver } from './resolve.ts'

interface ResolverSetup {
  readonly world?: ReturnType<typeof openStripe>
  readonly links?: Record<string, ActorRef>
  readonly cacheSize?: number
}

function resolver({ world = openStripe(), links = {}, cacheSize = 2 }: ResolverSetup = {}) {
  const found = createResolver({
    stripe: world.stripe,
    links: async (_type, theirs) => links[theirs] ?? null,
    reads: createReadBudget({ perSecond: 1000, burst: 1000 }),
    cacheSize,
  })
  const before = world.requests.length
  const resolving = () => ({ now: world.now(), reader: 'webhook' }) as const
  return {
    world,
    isLinked: (theirs: string, ref: ActorRef) => found.isLinked(theirs, ref),
    find: async (target: Target) => (await found.refsOf([target], resolving()))(target),
    findAll: async (targets: readonly Target[]) =>
      targets.map(await found.refsOf(targets, resolving())) as readonly ActorRef[],
    reads: () => world.requests.slice(before).filter((one) => one.startsWith('GET')).length,
  }
}

const customer = (theirs: string): Target => ({ type: 'account', ours: null, theirs })
const metadata = { tenure_account: 'acct_1' }

describe('the actor that an object concerns', () => {
  test('is told by our own id before all', async () => {
    const { find, reads } = resolver()
    expect(await find({ type: 'account', ours: 'acct_1', theirs: 'cus_1' })).toBe('account/acct_1')
    expect(reads()).toBe(0)
  })

  test('is one actor by the link, by the metadata, and in any order', async () => {
    const unlinked = resolver()
    const { world } = unlinked
    const { id } = await world.stripe.customers.create({ metadata })
    const read = await unlinked.find(customer(id))
    const linked = resolver({ world, links: { [id]: 'account/acct_1' } })
    const byLink = await linked.find(customer(id))
    const byLabel = await unlinked.find({ type: 'account', ours: 'acct_1', theirs: id })
    expect([read, byLink, byLabel]).toStrictEqual(Array(3).fill('account/acct_1'))
    expect([await unlinked.isLinked(id, byLabel), await linked.isLinked(id, byLabel)]).toEqual([
      false,
      true,
    ])
  })

  test('is read at Stripe once, and remembered within bounds', async () => {
    const world = openStripe()
    const ids: string[] = []
    for (let i = 0; i < 3; i += 1) ids.push((await world.stripe.customers.create({ metadata })).id)
    const { find, reads } = resolver({ world })
    const [first = '', second = '', third = ''] = ids
    await find(customer(first))
    await find(customer(first))
    expect(reads()).toBe(1)
    await find(customer(second))
    await find(customer(third))
    await find(customer(first))
    expect(reads()).toBe(4)
  })

  test('that it concerns nobody of ours is remembered for an hour, within bounds', async () => {
    const world = openStripe()
    const { id } = await world.stripe.customers.create({})
    const { find, reads } = resolver({ world })
    for (let i = 0; i < 3; i += 1) expect(await find(customer(id))).toBe(`account/${id}`)
    expect(reads()).toBe(1)
    await world.stripe.customers.update(id, { metadata })
    world.pass(3_600_000)
    expect(await find(customer(id))).toBe('account/acct_1')

    await find(customer('cus_x'))
    await find(customer('cus_y'))
    await find(customer('cus_z'))
    const before = reads()
    await find(customer('cus_x'))
    expect(reads()).toBe(before + 1)
  })

  test('a link that came since counts before what Stripe said', async () => {
    const links: Record<string, ActorRef> = {}
    const { find } = resolver({ links })
    expect(await find(customer('cus_1'))).toBe('account/cus_1')
    links['cus_1'] = 'account/acct_1'
    expect(await find(customer('cus_1'))).toBe('account/acct_1')
  })

  test('is read once for all who ask while it is being read', async () => {
    const world = openStripe()
    const { id } = await world.stripe.customers.create({ metadata })
    const { find, reads } = resolver({ world })
    const found = await Promise.all([1, 2, 3, 4].map(() => find(customer(id))))
    expect(found).toStrictEqual(Array(4).fill('account/acct_1'))
    expect(reads()).toBe(1)
  })

  test('a read that failed is told to all who wait for it, and made again by the next', async () => {
    const world = openStripe()
    const { id } = await world.stripe.customers.create({ metadata })
    const { find, reads } = resolver({ world })
    world.rule(() => 'unsent')
    const asked = await Promise.allSettled([1, 2].map(() => find(customer(id))))
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(reads()).toBe(1)
    world.rule(null)
    expect(await find(customer(id))).toBe('account/acct_1')
  })

  test('all of one webhook is found together, each object read once', async () => {
    const world = openStripe()
    const { id } = await world.stripe.customers.create({ metadata })
    const { findAll, reads } = resolver({ world })
    const subscription: Target = { type: 'subscription', ours: null, theirs: 'sub_none' }
    const invoice: Target = { type: 'invoice', ours: null, theirs: 'in_1' }
    expect(await findAll([customer(id), subscription, invoice, customer(id)])).toStrictEqual([
      'account/acct_1',
      'subscription/sub_none',
      'invoice/in_1',
      'account/acct_1',
    ])
    expect(reads()).toBe(2)
  })

  test.each`
    type              | theirs          | ref                        | why
    ${'account'}      | ${'cus_none'}   | ${'account/cus_none'}      | ${'Stripe does not know the customer'}
    ${'subscription'} | ${'sub_none'}   | ${'subscription/sub_none'} | ${'nor the subscription'}
    ${'invoice'}      | ${'in_1'}       | ${'invoice/in_1'}          | ${'Stripe makes invoices itself'}
    ${'payment'}      | ${'pi_1'}       | ${'payment/pi_1'}          | ${'and payments of them'}
    ${'account'}      | ${'cus_Mt3...'} | ${'account/cus_Mt3...'}    | ${'dots are well'}
  `('is else the object itself: $why', async ({ type, theirs, ref }) => {
    expect(await resolver().find({ type, ours: null, theirs })).toBe(ref)
  })

  test('is never an actor of another type, whatever a link says', async () => {
    const { find } = resolver({ links: { cus_1: 'subscription/sub_1' } })
    expect(await find(customer('cus_1'))).toBe('account/cus_1')
  })
})

test('ids that a ref cannot hold are made safe, and stay apart', () => {
  expect(safeId('a b')).toMatch(/^a=b~[0-9a-f]{16}$/)
  expect(safeId('a b')).not.toBe(safeId('a/b'))
  expect(safeId('x'.repeat(300)).length).toBeLessThan(200)
})
