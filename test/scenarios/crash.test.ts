import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AccountContext } from '../../machines/account/state.ts'
import { charts } from '../../machines/index.ts'
import type { ActorRef } from '../../values/ids.ts'
import { msPerHour } from '../../values/instant.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  aSubscriber,
  stateOf,
  type Customer,
} from '../harness/scenario.ts'
import type { System } from '../harness/system.ts'
import { canonical } from './canonical.ts'

// Processes that die, that share an actor, and that meet what they cannot digest.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

const Subscribed = z.looseObject({ id: z.string() })

/** Subscribes as a client does that repeats its request until it is answered. */
async function insists(ada: Customer, collection: string): Promise<void> {
  const { system, account } = ada
  for (let tries = 0; tries < 5; tries += 1) {
    const body = { account, plan: 'pro_monthly', collection }
    const headers = { 'idempotency-key': 'the-one-purchase' }
    const answer = await system.post('dashboard', '/v1/subscriptions', body, headers)
    const told = Subscribed.safeParse(answer.body)
    await system.settle()
    if (answer.status === 202 && told.success) {
      ada.subscription = told.data.id
      return
    }
    await system.advanceMs(msPerHour / 4)
  }
  throw new Error('the request to subscribe is never answered')
}

describe('80 a process dies at any of its words with the store or with Stripe', () => {
  const every = process.env['SCHEDULES'] === undefined ? 7 : 1

  test.each([
    { collection: 'provider', heard: true, why: 'the word was heard, and its answer lost' },
    { collection: 'provider', heard: false, why: 'the word was never heard' },
    { collection: 'platform', heard: true, why: 'the word was heard, and its answer lost' },
    { collection: 'platform', heard: false, why: 'the word was never heard' },
  ])('the purchase happens once ($collection: $why)', async ({ collection, heard }) => {
    let died = 0
    for (let word = 1; ; word += every) {
      const ada = await aCustomer()
      const { system } = ada
      await addsCard(ada, 'pm_card_visa')
      const { life } = system.processes()[0] ?? {}
      life?.dieAfter(word, heard)
      await insists(ada, collection)
      await system.advanceMs(2 * msPerHour)
      const context = `the process died at word ${word}`
      expect(await stateOf(ada), context).toMatchObject({
        subscription: 'active',
        granted: allFeatures,
        invoices: ['paid'],
      })
      const { data } = await system.stripe.charges.list()
      expect(
        data.map(({ status }) => status),
        context,
      ).toStrictEqual(['succeeded'])
      expect((await system.store.parked({ cursor: null, limit: 5 })).items).toStrictEqual([])
      await system.close()
      if (life?.isOver !== true) break
      died += 1
    }
    expect(died).toBeGreaterThan(3)
  })
})

describe('81 two processes decide on one actor', () => {
  test('every decision is committed once, on top of the one before', async () => {
    const ada = await aSubscriber({ processes: 2 })
    open.push(ada.system)
    const { system } = ada
    const ref: ActorRef = `account/${ada.account}`
    const before = (await system.store.head(ref))?.seq ?? 0
    const reasons = Array.from({ length: 30 }, (_, n) => `reason ${n}`)
    const at = system.clock.now()
    const tolds = await Promise.all(
      reasons.map((reason, n) =>
        (system.processes()[n % 2]?.runtime ?? system.runtime).tell({
          id: `ban:${n}`,
          to: ref,
          event: { type: 'account.ban', reason },
          source: 'operator',
          occurredAt: at,
          receivedAt: at,
          causationId: null,
          correlationId: 'race',
          principal: 'operator:test',
        }),
      ),
    )
    expect(new Set(tolds.map(({ outcome }) => outcome))).toStrictEqual(new Set(['committed']))
    await system.settle()
    const head = await system.store.head(ref)
    expect(head?.seq).toBe(before + reasons.length)
    const { bans } = AccountContext.parse(head?.snapshot.state['context'])
    expect(Object.keys(bans).sort()).toStrictEqual([...reasons].sort())
  })
})

const ParkedList = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })

describe('82 an event is poison for its actor', () => {
  const poisoned = {
    ...charts,
    subscription: {
      ...charts.subscription,
      machine: charts.subscription.machine.provide({
        guards: {
          isTied: () => {
            throw new Error('a bug of this release')
          },
        },
      }),
    },
  }

  test('its actor is parked, others go on, and a better release ends as it should', async () => {
    const ada = await aSubscriber({ charts: poisoned })
    open.push(ada.system)
    const { system } = ada
    expect(await stateOf(ada)).toMatchObject({ subscription: 'incomplete', invoices: ['paid'] })
    const parked = ParkedList.parse((await system.get('admin', '/admin/parked')).body).data
    expect(parked.map(({ id }) => id.split('!')[0])).toStrictEqual([
      `subscription/${ada.subscription}`,
    ])
    // Another customer is not concerned, as far as no subscription is.
    const bob = await aCustomer({ system })
    await addsCard(bob, 'pm_card_visa')
    expect(await stateOf(bob)).toMatchObject({ paymentMethod: 'valid' })

    const id = encodeURIComponent(parked[0]?.id ?? '')
    const early = await system.post('admin', `/admin/parked/${id}/retry`, {})
    expect(early.body).toMatchObject({ outcome: 'parked' })
    await system.restart({ charts })
    const answer = await system.post('admin', `/admin/parked/${id}/retry`, {})
    expect(answer.status).toBe(202)
    await system.advanceMs(6 * msPerHour)
    expect(ParkedList.parse((await system.get('admin', '/admin/parked')).body).data).toHaveLength(0)

    const healthy = await aSubscriber()
    open.push(healthy.system)
    await addsCard(await aCustomer({ system: healthy.system }), 'pm_card_visa')
    await healthy.system.advanceMs(6 * msPerHour)
    expect(await canonical(system)).toStrictEqual(await canonical(healthy.system))
  })
})
