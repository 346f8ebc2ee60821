import { describe, expect, test } from 'vitest'
import type { ActorRef } from '../../values/ids.ts'
import { openStripe } from './given/stripe.ts'
import { safeId, type Target } from './refs.ts'
import { createResolver } from './resolve.ts'

function resolver(world = openStripe(), links: Record<string, ActorRef> = {}) {
  let reads = 0
  const resolve = createResolver({
    stripe: world.stripe,
    links: async (theirs) => links[theirs] ?? null,
    spendRead: () => {
      reads += 1
    },
    cacheSize: 2,
  })
  return {
    world,
    find: (target: Target) => resolve(target, world.now()),
    reads: () => reads,
  }
}

const customer = (theirs: string): Target => ({ type: 'account', ours: null, theirs })

describe('whom an object concerns', () => {
  test('is told by our own id before all', async () => {
    const { find, reads } = resolver()
    expect(await find({ type: 'account', ours: 'acct_1', theirs: 'cus_1' })).toBe('account/acct_1')
    expect(reads()).toBe(0)
  })

  test('is one actor by the link, by the metadata, and in any order', async () => {
    const linked = resolver(openStripe(), {})
    const { id } = await linked.world.stripe.customers.create({
      metadata: { tenure_account: 'acct_1' },
    })
    const read = await linked.find(customer(id))
    const byLink = await resolver(linked.world, { [id]: 'account/acct_1' }).find(customer(id))
    const byLabel = await linked.find({ type: 'account', ours: 'acct_1', theirs: id })
    expect([read, byLink, byLabel]).toStrictEqual(Array(3).fill('account/acct_1'))
  })

  test('is read at Stripe once, and remembered within bounds', async () => {
    const { world, find, reads } = resolver()
    const metadata = { tenure_account: 'acct_1' }
    const ids: string[] = []
    for (let i = 0; i < 3; i += 1) ids.push((await world.stripe.customers.create({ metadata })).id)
    const [first = '', second = '', third = ''] = ids
    await find(customer(first))
    await find(customer(first))
    expect(reads()).toBe(1)
    await find(customer(second))
    await find(customer(third))
    await find(customer(first))
    expect(reads()).toBe(4)
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
    const { find } = resolver(openStripe(), { cus_1: 'subscription/sub_1' })
    expect(await find(customer('cus_1'))).toBe('account/cus_1')
  })
})

test('ids that a ref cannot hold are made safe, and stay apart', () => {
  expect(safeId('a b')).toMatch(/^a=b~[0-9a-f]{16}$/)
  expect(safeId('a b')).not.toBe(safeId('a/b'))
  expect(safeId('x'.repeat(300)).length).toBeLessThan(200)
})
