import { expect, test } from 'vitest'
import type { ClaimedEffect } from '../../actors/ports.ts'
import type { Instant } from '../../values/instant.ts'
import { type OpenPlace, actor, all, at, commit, line, other, row } from './store-given.ts'
import { placeForEach } from './store-place.ts'

const minute = 60_000
const lease = { now: at(10), endsAt: at(70) }

function ids(claims: readonly ClaimedEffect[]): string[] {
  return claims.map(({ effect }) => effect.id)
}

export function leasesContract(open: OpenPlace): void {
  const place = placeForEach(open)
  const id = `${actor}#1.1` as const

  test('P6 effects appended with a lease are claimed by nobody before it ends', async () => {
    const { store } = place()
    const peer = await place().peer()
    await store.append([commit({ effects: 2 }), commit({ actor: other, effects: 1 })], lease)
    for (const one of [store, peer]) {
      expect(await one.claim(at(69), 10, minute)).toStrictEqual([])
      expect(await one.claim(at(69), 10, minute, 'internal')).toStrictEqual([])
      expect(await one.nextClaimAt()).toBe(at(70))
    }
  })

  test('P6 when a lease ends its effects are claimed, as tried once, since it began', async () => {
    const { store } = place()
    const one = commit({ effects: 2, provider: 'stripe' })
    await store.append([one], lease)
    const peer = await place().peer()
    const claims = await peer.claim(at(70), 10, minute)
    expect(claims).toStrictEqual(
      one.entry.effects.map((effect) => ({
        actor,
        seq: 1,
        effect,
        correlationId: 'because-1',
        occurredAt: one.entry.envelope.occurredAt,
        tries: 1,
        attempt: 1,
        firstTriedAt: at(10),
        leaseEndsAt: at(130),
      })),
    )
    expect(await store.claim(at(129), 10, minute)).toStrictEqual([])
  })

  test('P6 what was appended without a lease is claimed at once', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })], null)
    expect(await store.claim(at(10), 10, minute)).toMatchObject([{ tries: 0 }])
  })

  test('P6 the lease covers what is committed, and nothing that is refused', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    const answers = await store.append(
      [commit({ effects: 1 }), commit({ actor: other, seq: 2, effects: 1 })],
      lease,
    )
    expect(answers.map(({ outcome }) => outcome)).toStrictEqual(['duplicate', 'conflict'])
    expect(ids(await store.claim(at(11), 10, minute))).toStrictEqual([id])
  })

  test('P7 an effect that its appender settles is done, though nobody claimed it', async () => {
    const { store } = place()
    await store.append(line(3, { effects: 2 }), lease)
    await store.settle(
      line(3).flatMap(({ entry: { seq } }) => [
        { id: `${actor}#${seq}.2`, outcome: 'done' } as const,
        { id: `${actor}#${seq}.1`, outcome: 'done' } as const,
      ]),
    )
    expect(await store.nextClaimAt()).toBeNull()
    expect(await (await place().reopen()).claim(at(9999), 10, minute)).toStrictEqual([])
  })

  test('P6 the effects of one entry are settled one after the other, or at once', async () => {
    const { store } = place()
    await store.append([commit({ effects: 4 })], lease)
    const next = { tries: 1, attempt: 1, firstTriedAt: at(10) }
    const retry = { outcome: 'retry', at: at(20), error: 'busy', ...next } as const
    await store.settle([{ id, outcome: 'done' }])
    await Promise.all([
      store.settle([{ id: `${actor}#1.2`, outcome: 'parked', at: at(15), error: 'bad' }]),
      store.settle([{ id: `${actor}#1.3`, ...retry }]),
      store.settle([{ id: `${actor}#1.4`, outcome: 'done' }]),
    ])
    expect(await all((page) => store.parked(page))).toMatchObject([{ id: `${actor}#1.2` }])
    expect(await store.claim(at(9999), 10, minute)).toMatchObject([
      { effect: { id: `${actor}#1.3` }, ...next },
    ])
  })

  test('P7 what its appender settles late, after another took over, is done all the same', async () => {
    const { store } = place()
    const peer = await place().peer()
    await store.append([commit({ effects: 2 })], lease)
    expect(await peer.claim(at(80), 1, minute)).toHaveLength(1)
    await store.settle([{ id, outcome: 'done' }])
    expect(ids(await peer.claim(at(9999), 10, minute))).toStrictEqual([`${actor}#1.2`])
    await peer.settle([{ id, outcome: 'parked', at: at(90), error: 'late' }])
    expect(await all((page) => store.parked(page))).toStrictEqual([])
  })

  test('P8 an entry whose effects were settled right after it leaves nothing to heal', async () => {
    const { store } = place()
    const rows = [row('list', 'k', { n: 1 })]
    await store.append([commit({ effects: 1, rows }), commit({ actor: other, rows: [] })], lease)
    await store.settle([{ id, outcome: 'done' }])
    const peer = await place().peer()
    expect(await peer.heal(() => rows)).toBe(0)
    expect(await peer.viewRow('list', 'k')).toStrictEqual({ n: 1 })
  })

  test('what became of effects is told, in their order, with what was said of them', async () => {
    const { store } = place()
    await store.append([commit({ effects: 4 }), commit({ actor: other })], lease)
    const result = { told: { 'a.b': ['$x', null] }, '': '\uD800' }
    const next = { tries: 1, attempt: 1, firstTriedAt: at(10) }
    await store.settle([
      { id: `${actor}#1.3`, outcome: 'parked', at: at(15), error: 'bad' },
      { id, outcome: 'done', result },
      { id: `${actor}#1.2`, outcome: 'retry', at: at(20), error: 'busy', ...next },
    ])
    await store.settle([{ id, outcome: 'done', result: { said: 'again' } }])
    const standings = (freeAt: Instant) => [
      { id, standing: 'done', result, lastError: null, dueAt: null },
      { id: `${actor}#1.2`, standing: 'open', result: null, lastError: 'busy', dueAt: at(20) },
      { id: `${actor}#1.3`, standing: 'parked', result: null, lastError: 'bad', dueAt: null },
      { id: `${actor}#1.4`, standing: 'open', result: null, lastError: null, dueAt: freeAt },
    ]
    expect(await store.effectsOf(actor, 1)).toStrictEqual(standings(at(70)))
    expect(await store.effectsOf(other, 1)).toStrictEqual([])
    expect(await store.effectsOf(actor, 2)).toStrictEqual([])

    const reopened = await place().reopen()
    const freeAt = place().freesHeld ? at(1) : at(70)
    expect(await reopened.effectsOf(actor, 1)).toStrictEqual(standings(freeAt))
    await reopened.settle([
      { id: `${actor}#1.3`, outcome: 'done', result: { after: 'all' } },
      { id: `${actor}#1.2`, outcome: 'done' },
      { id: `${actor}#1.4`, outcome: 'done' },
    ])
    expect(await reopened.effectsOf(actor, 1)).toMatchObject([
      { standing: 'done', result },
      { standing: 'done', result: null },
      { standing: 'done', result: { after: 'all' } },
      { standing: 'done', result: null },
    ])
  })
}
