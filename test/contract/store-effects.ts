import { expect, test } from 'vitest'
import type { ClaimedEffect, Settlement, Store } from '../../actors/ports.ts'
import { type OpenPlace, actor, at, commit, line, other } from './store-given.ts'
import { placeForEach } from './store-place.ts'

const minute = 60_000

function ids(claims: readonly ClaimedEffect[]): string[] {
  return claims.map(({ effect }) => effect.id)
}

async function claimOne(store: Store, seconds: number): Promise<ClaimedEffect> {
  const [claim] = await store.claim(at(seconds), 1, minute)
  if (claim === undefined) throw new Error(`nothing to claim at ${seconds} s`)
  return claim
}

function done(claim: ClaimedEffect): Settlement {
  return { id: claim.effect.id, outcome: 'done' }
}

function retry(claim: ClaimedEffect, seconds: number): Extract<Settlement, { outcome: 'retry' }> {
  const { effect, tries, attempt, firstTriedAt } = claim
  const next = { tries: tries + 1, attempt, firstTriedAt }
  return { id: effect.id, outcome: 'retry', at: at(seconds), error: 'no answer', ...next }
}

export function effectsContract(open: OpenPlace): void {
  const place = placeForEach(open)

  test('P6 an effect is claimed with what its entry says, once it is due', async () => {
    const { store } = place()
    const one = commit({ effects: 2, at: at(10) })
    await store.append([one])
    expect(await store.claim(at(9), 10, minute)).toStrictEqual([])
    expect(await store.claim(at(10), 1, minute)).toStrictEqual([
      {
        actor,
        seq: 1,
        effect: one.entry.effects[0],
        correlationId: 'because-1',
        occurredAt: at(10),
        tries: 0,
        attempt: 1,
        firstTriedAt: at(10),
        leaseEndsAt: at(70),
      },
    ])
    expect(ids(await store.claim(at(10), 10, minute))).toStrictEqual([`${actor}#1.2`])
  })

  test('P6 a conflict or a duplicate brings no effect', async () => {
    const { store } = place()
    await store.append([commit()])
    await store.append([
      commit({ envelopeId: 'late', effects: 1 }),
      commit({ seq: 2, envelopeId: 'envelope-1', effects: 1 }),
    ])
    expect(await store.claim(at(999), 10, minute)).toStrictEqual([])
  })

  test('P6 what is claimed is not claimed again before its deadline, and then it is', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    const first = await claimOne(store, 10)
    expect(await store.claim(at(69), 10, minute)).toStrictEqual([])
    const second = await claimOne(store, 70)
    expect(second).toMatchObject({ tries: 1, attempt: 1, firstTriedAt: first.firstTriedAt })
    expect((await claimOne(await place().reopen(), 200)).tries).toBe(2)
  })

  test('P6 two processes that claim at once never hold one effect both', async () => {
    const { store } = place()
    const peer = await place().peer()
    const refs = Array.from({ length: 20 }, (_, n) => `counter/n${n}` as const)
    await store.append(refs.map((ref) => commit({ actor: ref, effects: 3 })))
    const held: string[] = []
    for (let round = 0; round < 40 && held.length < 60; round += 1) {
      const claims = await Promise.all(
        [store, peer, store, peer].map((one) => one.claim(at(100), 7, minute)),
      )
      held.push(...claims.flatMap(ids))
    }
    expect(held).toHaveLength(60)
    expect(new Set(held).size).toBe(60)
  })

  test('P6 the oldest due come first, and no more than asked for', async () => {
    const { store } = place()
    await store.append([
      commit({ actor: 'counter/c', at: at(1), effects: 1 }),
      commit({ actor: 'counter/b', at: at(3), effects: 2 }),
      commit({ actor: 'counter/a', at: at(2), effects: 1 }),
      commit({ actor: 'counter/d', at: at(2), effects: 1 }),
    ])
    expect(ids(await store.claim(at(9), 4, minute))).toStrictEqual([
      'counter/c#1.1',
      'counter/a#1.1',
      'counter/d#1.1',
      'counter/b#1.1',
    ])
    expect(ids(await store.claim(at(9), 4, minute))).toStrictEqual(['counter/b#1.2'])
  })

  test('P6 our own work is claimed past any number of providers’ calls that are due before it', async () => {
    const { store } = place()
    await store.append([
      ...line(5, { effects: 2, provider: 'stripe' }),
      commit({ actor: other, at: at(50), effects: 2 }),
    ])
    expect(ids(await store.claim(at(60), 1, minute, 'internal'))).toStrictEqual([`${other}#1.1`])
    expect(ids(await store.claim(at(60), 9, minute, 'internal'))).toStrictEqual([`${other}#1.2`])
    expect(await store.claim(at(60), 9, minute, 'internal')).toStrictEqual([])
    expect(await store.claim(at(60), 99, minute)).toHaveLength(10)
    expect(ids(await store.claim(at(120), 9, minute, 'internal'))).toHaveLength(2)
  })

  test('P6 what was parked keeps to its lane', async () => {
    const { store } = place()
    await store.append([
      commit({ effects: 1, provider: 'stripe' }),
      commit({ actor: other, effects: 1 }),
    ])
    for (const id of [`${actor}#1.1`, `${other}#1.1`] as const) {
      await store.settle([{ id, outcome: 'parked', at: at(5), error: 'no' }])
      await store.unpark(id, at(6), 'ann')
    }
    expect(ids(await store.claim(at(9), 9, minute, 'internal'))).toStrictEqual([`${other}#1.1`])
  })

  test('P7 what is done is never claimed again, whatever is said of it later', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    const claim = await claimOne(store, 10)
    await store.settle([done(claim)])
    await store.settle([
      retry(claim, 11),
      { id: claim.effect.id, outcome: 'parked', at: at(11), error: 'late' },
      done(claim),
    ])
    await store.park({
      id: claim.effect.id,
      kind: 'effect',
      actor,
      error: 'late',
      parkedAt: at(12),
      effect: claim.effect,
      envelope: null,
    })
    expect(await store.unpark(claim.effect.id, at(13), 'ann')).toBe(false)
    expect(await (await place().reopen()).claim(at(99_999), 10, minute)).toStrictEqual([])
    expect(await place().store.nextClaimAt()).toBeNull()
  })

  test('P7 a rebuild brings no done effect back and loses no open one', async () => {
    const { store } = place()
    await store.append(line(2, { effects: 1 }))
    await store.settle([done(await claimOne(store, 10))])
    await store.rebuild(
      () => [],
      () => {},
    )
    expect(ids(await store.claim(at(999), 10, minute))).toStrictEqual([`${actor}#2.1`])
  })

  test('a retry is claimed again when it says, with the tries and the attempt that it says', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    const claim = await claimOne(store, 10)
    await store.settle([retry(claim, 500)])
    expect(await store.claim(at(499), 10, minute)).toStrictEqual([])
    const again = await claimOne(store, 500)
    expect(again).toMatchObject({ tries: 1, attempt: 1, firstTriedAt: at(10) })
    await store.settle([{ ...retry(again, 600), tries: 0, attempt: 2, firstTriedAt: null }])
    expect(await claimOne(store, 700)).toMatchObject({
      tries: 0,
      attempt: 2,
      firstTriedAt: at(700),
    })
  })

  test('settling what nobody knows changes nothing', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    await store.settle([
      { id: `${other}#1.1`, outcome: 'done' },
      { id: `${actor}#7.1`, outcome: 'parked', at: at(1), error: 'no' },
      { id: `${actor}#1.9`, outcome: 'done' },
    ])
    await store.settle([])
    expect(ids(await store.claim(at(10), 10, minute))).toStrictEqual([`${actor}#1.1`])
    expect((await store.parked({ cursor: null, limit: 10 })).items).toStrictEqual([])
  })

  test('the effects of one entry are settled each by itself', async () => {
    const { store } = place()
    await store.append([commit({ effects: 3 })])
    const claims = await store.claim(at(10), 10, minute)
    const [one, two, three] = claims
    if (!one || !two || !three) throw new Error('three were to be claimed')
    await Promise.all([
      store.settle([done(two)]),
      store.settle([retry(one, 30)]),
      store.settle([{ id: three.effect.id, outcome: 'parked', at: at(20), error: 'bad' }]),
    ])
    expect(ids(await store.claim(at(1000), 10, minute))).toStrictEqual([`${actor}#1.1`])
    expect(await store.parkedItem(three.effect.id)).toMatchObject({ error: 'bad' })
  })

  test('the next claim may find something when the earliest is due or a claim of it ends', async () => {
    const { store } = place()
    expect(await store.nextClaimAt()).toBeNull()
    await store.append([
      commit({ effects: 1, at: at(50) }),
      commit({ actor: other, effects: 1, at: at(40) }),
    ])
    expect(await store.nextClaimAt()).toBe(at(40))
    const claim = await claimOne(store, 45)
    expect(await store.nextClaimAt()).toBe(at(50))
    await store.claim(at(55), 1, minute)
    expect(await store.nextClaimAt()).toBe(at(105))
    await store.settle([retry(claim, 80)])
    expect(await store.nextClaimAt()).toBe(at(80))
  })
}
