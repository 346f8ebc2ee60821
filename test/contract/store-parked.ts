import { expect, test } from 'vitest'
import type { ParkedItem } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import {
  type OpenPlace,
  actor,
  all,
  at,
  commit,
  line,
  other,
  outcomes,
  row,
} from './store-given.ts'
import { placeForEach } from './store-place.ts'

const minute = 60_000

function envelope(ref: ActorRef, id: string, error = 'threw'): ParkedItem {
  const { entry } = commit({ actor: ref, envelopeId: id })
  return {
    id: `${ref}!${id}`,
    kind: 'envelope',
    actor: ref,
    error,
    parkedAt: at(5),
    effect: null,
    envelope: entry.envelope,
  }
}

export function parkedContract(open: OpenPlace): void {
  const place = placeForEach(open)

  test('P6 a parked effect is not claimed until it is unparked, and then it may have been done', async () => {
    const { store } = place()
    const one = commit({ effects: 1 })
    const id = `${actor}#1.1` as const
    await store.append([one])
    await store.claim(at(10), 1, minute)
    await store.settle([{ id, outcome: 'parked', at: at(20), error: 'card_gone' }])
    expect(await store.nextClaimAt()).toBeNull()
    const reopened = await place().reopen()
    expect(await reopened.claim(at(9999), 10, minute)).toStrictEqual([])
    const item = {
      id,
      kind: 'effect',
      actor,
      error: 'card_gone',
      parkedAt: at(20),
      effect: one.entry.effects[0],
      envelope: null,
    }
    expect(await reopened.parkedItem(id)).toStrictEqual(item)
    expect(await all((page) => reopened.parked(page))).toStrictEqual([item])

    expect(await reopened.unpark(id, at(30), 'ann')).toBe(true)
    expect(await reopened.unpark(id, at(30), 'ann')).toBe(false)
    expect(await reopened.parkedItem(id)).toBeNull()
    expect(await reopened.claim(at(29), 10, minute)).toStrictEqual([])
    expect(await reopened.claim(at(30), 10, minute)).toMatchObject([
      { tries: 1, attempt: 1, firstTriedAt: at(10) },
    ])
  })

  test('A9 what was retried by hand says how often, when and who asked, until it is done', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    const id = `${actor}#1.1` as const
    const first = { times: 1, at: at(30), by: 'operator:ann' }
    const second = { times: 2, at: at(60), by: 'operator:bob' }
    await store.settle([{ id, outcome: 'parked', at: at(20), error: 'no' }])
    expect(await store.parkedItem(id)).not.toHaveProperty('retried')
    await store.unpark(id, at(30), 'operator:ann')
    expect(await store.unpark(id, at(31), 'operator:late')).toBe(false)
    expect((await store.effectsOf(actor, 1))[0]?.retried).toStrictEqual(first)

    // Neither the end of a claim nor another try is a retry by hand.
    const [claim] = await store.claim(at(30), 1, minute)
    expect(claim?.retried).toStrictEqual(first)
    const again = { tries: 1, attempt: 1, firstTriedAt: at(30), error: 'later' }
    await store.settle([{ id, outcome: 'retry', at: at(40), ...again }])
    const reopened = await place().reopen()
    const [tried] = await reopened.claim(at(40), 1, minute)
    expect(tried?.retried).toStrictEqual(first)
    await reopened.settle([{ id, outcome: 'parked', at: at(50), error: 'no again' }])
    expect((await reopened.parkedItem(id))?.retried).toStrictEqual(first)
    expect((await all((page) => reopened.parked(page)))[0]?.retried).toStrictEqual(first)
    expect((await reopened.effectsOf(actor, 1))[0]?.retried).toStrictEqual(first)

    await reopened.unpark(id, at(60), 'operator:bob')
    expect((await reopened.claim(at(60), 1, minute))[0]?.retried).toStrictEqual(second)
    await reopened.settle([{ id, outcome: 'done' }])
    for (const standing of await reopened.effectsOf(actor, 1)) {
      expect(standing).not.toHaveProperty('retried')
    }
  })

  test('P7 a parked effect that turns out done is parked no longer', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    const id = `${actor}#1.1` as const
    await store.settle([{ id, outcome: 'parked', at: at(20), error: 'no answer' }])
    await store.settle([{ id, outcome: 'done' }])
    expect(await store.parkedItem(id)).toBeNull()
    expect(await store.unpark(id, at(30), 'ann')).toBe(false)
    expect(await store.claim(at(9999), 10, minute)).toStrictEqual([])
  })

  test('parking again replaces what is there, which keeps its place', async () => {
    const { store } = place()
    await store.append([commit({ effects: 1 })])
    await store.park(envelope(other, 'a'))
    await store.settle([{ id: `${actor}#1.1`, outcome: 'parked', at: at(1), error: 'first' }])
    await store.park(envelope(other, 'b'))
    await store.park(envelope(other, 'a', 'threw again'))
    const effect = await store.parkedItem(`${actor}#1.1`)
    if (effect === null) throw new Error('the effect was to be parked')
    await store.park({ ...effect, error: 'second', parkedAt: at(9) })
    const items = await all((page) => store.parked(page), 1)
    expect(items.map(({ id, error }) => [id, error])).toStrictEqual([
      [`${other}!a`, 'threw again'],
      [`${actor}#1.1`, 'second'],
      [`${other}!b`, 'threw'],
    ])
    expect(items[1]?.parkedAt).toBe(at(9))
  })

  test('an open effect may be parked by hand', async () => {
    const { store } = place()
    await store.append(line(1, { effects: 1 }))
    const item = { ...envelope(actor, 'x'), id: `${actor}#1.1`, kind: 'effect' } as const
    await store.park(item)
    expect(await store.claim(at(9999), 10, minute)).toStrictEqual([])
    expect(await store.unpark(`${actor}#1.1`, at(50), 'ann')).toBe(true)
    expect(await store.claim(at(50), 10, minute)).toHaveLength(1)
  })

  test('the oldest parked envelope of an actor holds it back until it is unparked', async () => {
    const { store } = place()
    expect(await store.parkedEnvelope(actor)).toBeNull()
    for (const id of ['z', 'a', 'm']) await store.park(envelope(actor, id))
    await store.park(envelope(other, 'q'))
    expect(await store.parkedEnvelope(actor)).toStrictEqual(envelope(actor, 'z'))
    const peer = await place().peer()
    expect(new Map(await peer.parkedAmong([actor, other, 'counter/free']))).toStrictEqual(
      new Map([
        [actor, `${actor}!z`],
        [other, `${other}!q`],
      ]),
    )
    expect((await peer.parkedAmong([])).size).toBe(0)
    await store.append([commit({ actor: 'counter/free' })])
    const standings = await peer.standings([actor, other, 'counter/free'])
    expect([...standings].map(([ref, { head, parked }]) => [ref, head?.seq, parked])).toStrictEqual(
      [
        [actor, undefined, `${actor}!z`],
        [other, undefined, `${other}!q`],
        ['counter/free', 1, null],
      ],
    )
    expect((await peer.standings([actor])).get(actor)?.parked).toBe(`${actor}!z`)
    expect(await store.unpark(`${actor}!z`, at(9), 'ann')).toBe(true)
    expect((await store.parkedEnvelope(actor))?.id).toBe(`${actor}!a`)
    expect(await store.unpark(`${actor}!nobody`, at(9), 'ann')).toBe(false)
  })

  test('A8 no store appends to an actor with a parked envelope, but for that one', async () => {
    const { store } = place()
    const peer = await place().peer()
    await store.append(line(2))
    await peer.append([commit({ seq: 3 })])
    await store.park(envelope(actor, 'stuck'))
    for (const one of [store, peer]) {
      const group = [commit({ seq: 4, envelopeId: 'next' }), commit({ actor: other, seq: 1 })]
      expect((await outcomes(one, group))[0]).toBe('conflict')
      expect(await outcomes(one, [commit({ seq: 4, envelopeId: 'envelope-2' })])).toStrictEqual([
        'duplicate of 2',
      ])
      expect(await outcomes(one, [commit({ seq: 5, envelopeId: 'gap' })])).toStrictEqual([
        'conflict',
      ])
    }
    expect(await store.head(actor)).toStrictEqual(commit({ seq: 3 }).entry)
    expect((await store.newestSeqs([actor])).get(actor)).toBe(3)
    expect(await store.entry(actor, 4)).toBeNull()
    expect(await all((page) => store.history(actor, page))).toHaveLength(3)
    expect((await peer.standings([actor, other])).get(actor)?.head?.seq).toBe(3)
    const behind = [
      commit({ seq: 4, envelopeId: 'stuck', effects: 1, rows: [row('v', 'k')] }),
      commit({ seq: 5, envelopeId: 'next' }),
    ]
    expect(await outcomes(peer, behind)).toStrictEqual(['committed', 'conflict'])
    expect(await store.unpark(`${actor}!stuck`, at(9), 'ann')).toBe(true)
    expect((await store.head(actor))?.envelope.id).toBe('stuck')
    expect(await store.viewRow('v', 'k')).toStrictEqual({})
    expect(await store.claim(at(99), 10, minute)).toHaveLength(1)
  })

  test('A8 an actor is free when nothing of it is parked, whoever unparked it', async () => {
    const { store } = place()
    const peer = await place().peer()
    await store.park(envelope(actor, 'a'))
    await peer.park(envelope(actor, 'b'))
    expect(await outcomes(store, [commit()])).toStrictEqual(['conflict'])
    expect(await peer.unpark(`${actor}!a`, at(9), 'ann')).toBe(true)
    expect(await outcomes(store, [commit()])).toStrictEqual(['conflict'])
    expect(await store.unpark(`${actor}!b`, at(9), 'ann')).toBe(true)
    expect(await outcomes(peer, line(2))).toStrictEqual(['committed', 'committed'])
    expect(await store.head(actor)).toStrictEqual(commit({ seq: 2 }).entry)
  })

  test('A8 of what is parked and appended at once, one comes first, every time', async () => {
    const { store } = place()
    const peer = await place().peer()
    for (let n = 0; n < 10; n += 1) {
      const ref: ActorRef = `counter/r${n}`
      await peer.append([commit({ actor: ref })])
      const [, raced] = await Promise.all([
        store.park(envelope(ref, 'x')),
        outcomes(peer, [commit({ actor: ref, seq: 2 })]),
      ])
      const seq = raced[0] === 'committed' ? 3 : 2
      expect(await outcomes(peer, [commit({ actor: ref, seq })])).toStrictEqual(['conflict'])
      expect((await store.newestSeqs([ref])).get(ref)).toBe(seq - 1)
    }
  })

  test('a parked effect does not hold its actor back', async () => {
    const { store } = place()
    await store.append(line(1, { effects: 1 }))
    await store.settle([{ id: `${actor}#1.1`, outcome: 'parked', at: at(1), error: 'no' }])
    expect(await store.parkedEnvelope(actor)).toBeNull()
    expect((await store.parkedAmong([actor])).size).toBe(0)
    expect((await store.standings([actor])).get(actor)?.parked).toBeNull()
  })

  test.each([1, 2, 100])('pages of %i list all that is parked, oldest first', async (limit) => {
    const { store } = place()
    await store.append(line(4, { effects: 2 }))
    const expected: string[] = []
    for (const seq of [3, 1, 4, 2]) {
      const effects = [`${actor}#${seq}.2`, `${actor}#${seq}.1`] as const
      await store.settle(
        effects.map((id) => ({ id, outcome: 'parked', at: at(50), error: 'no' }) as const),
      )
      await store.park(envelope(other, `after-${seq}`))
      expected.push(...effects, `${other}!after-${seq}`)
    }
    const items = await all((page) => store.parked(page), limit)
    expect(items.map(({ id }) => id)).toStrictEqual(expected)
  })
}

export function requestsContract(open: OpenPlace): void {
  const place = placeForEach(open)
  const begin = (key: string, hash = 'hash', seconds = 0) =>
    place().store.beginRequest(key, hash, at(seconds), minute)

  test('a request begins once, runs, and is then answered with what it was', async () => {
    const { store } = place()
    expect(await begin('k')).toStrictEqual({ outcome: 'begun' })
    expect(await begin('k')).toStrictEqual({ outcome: 'running' })
    await store.finishRequest('k', { status: 202, body: { 'a.b': [1, null] } })
    const reopened = await place().reopen()
    expect(await reopened.beginRequest('k', 'hash', at(5), minute)).toStrictEqual({
      outcome: 'answered',
      answer: { status: 202, body: { 'a.b': [1, null] } },
    })
  })

  test('of many requests with one key that begin at once one begins', async () => {
    const peer = await place().peer()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        (n % 2 === 0 ? place().store : peer).beginRequest('k', 'hash', at(0), minute),
      ),
    )
    expect(answers.filter(({ outcome }) => outcome === 'begun')).toHaveLength(1)
    expect(answers.filter(({ outcome }) => outcome === 'running')).toHaveLength(11)
  })

  test('another body under the key is told apart, while it runs and after', async () => {
    await begin('k')
    expect(await begin('k', 'another')).toStrictEqual({ outcome: 'other_body' })
    await place().store.finishRequest('k', {})
    expect(await begin('k', 'another')).toStrictEqual({ outcome: 'other_body' })
  })

  test('a run that never finished may begin again after its lease, once', async () => {
    await begin('k')
    expect(await begin('k', 'hash', 60)).toStrictEqual({ outcome: 'running' })
    const peer = await place().peer()
    const again = await Promise.all([
      begin('k', 'hash', 61),
      peer.beginRequest('k', 'hash', at(61), minute),
    ])
    expect(again.map(({ outcome }) => outcome).sort()).toStrictEqual(['begun', 'running'])
  })

  test('a request that did nothing is forgotten; one that was answered is not', async () => {
    const { store } = place()
    await begin('k')
    await store.forgetRequest('k')
    expect(await begin('k', 'another')).toStrictEqual({ outcome: 'begun' })
    await store.finishRequest('k', { ok: true })
    await store.forgetRequest('k')
    expect((await begin('k', 'another')).outcome).toBe('answered')
  })

  test('finished requests expire, running ones do not', async () => {
    const { store } = place()
    for (const [key, seconds] of [
      ['old', 0],
      ['edge', 10],
      ['running', 0],
    ] as const) {
      await begin(key, 'hash', seconds)
    }
    await store.finishRequest('old', {})
    await store.finishRequest('edge', {})
    await store.expireRequests(at(10))
    expect((await begin('old', 'hash', 11)).outcome).toBe('begun')
    expect((await begin('edge', 'hash', 11)).outcome).toBe('answered')
    expect((await begin('running', 'hash', 11)).outcome).toBe('running')
  })
}
