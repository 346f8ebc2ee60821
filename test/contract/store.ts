import { describe, expect, test } from 'vitest'
import { failingOnce } from './runtime-faults.ts'
import { changesContract } from './store-changes.ts'
import { effectsContract } from './store-effects.ts'
import { forgetContract } from './store-forget.ts'
import {
  type OpenPlace,
  type TrackingStore,
  actor,
  all,
  at,
  commit,
  line,
  other,
  outcomes,
  row,
  timer,
  tracking,
} from './store-given.ts'
import { leasesContract } from './store-leases.ts'
import { parkedContract, requestsContract } from './store-parked.ts'
import { placeForEach } from './store-place.ts'
import { textsContract } from './store-texts.ts'
import { viewsContract } from './store-views.ts'

/** What every home of the store promises; both pass all of it. */
export function storeContract(name: string, open: OpenPlace): void {
  describe(name, () => {
    describe('the journal', () => journalContract(open))
    describe('changes', () => changesContract(open))
    describe('long texts', () => textsContract(open))
    describe('pages', () => pagesContract(open))
    describe('effects', () => effectsContract(open))
    describe('leases and results', () => leasesContract(open))
    describe('forgetting', () => forgetContract(open))
    describe('what is parked', () => parkedContract(open))
    describe('views and timers', () => viewsContract(open))
    describe('keyed requests', () => requestsContract(open))
  })
}

function journalContract(open: OpenPlace): void {
  const place = placeForEach(open)

  test('P1 of two entries at one seq one is committed and the other is a conflict', async () => {
    const { store } = place()
    expect(await outcomes(store, [commit()])).toStrictEqual(['committed'])
    expect(await outcomes(store, [commit({ envelopeId: 'late' })])).toStrictEqual(['conflict'])
    expect((await store.head(actor))?.envelope.id).toBe('envelope-1')
  })

  test('P1 of two processes that append one seq at once exactly one wins, every time', async () => {
    const { store } = place()
    const peer = await place().peer()
    for (let seq = 1; seq <= 25; seq += 1) {
      const answers = await Promise.all([
        outcomes(store, [commit({ seq, envelopeId: `a${seq}` })]),
        outcomes(peer, [commit({ seq, envelopeId: `b${seq}` })]),
      ])
      expect(answers.flat().sort()).toStrictEqual(['committed', 'conflict'])
    }
    const history = await all((page) => store.history(actor, page))
    expect(history.map(({ seq }) => seq)).toStrictEqual(line(25).map(({ entry }) => entry.seq))
  })

  test('P1 an entry whose predecessor is missing is a conflict: there are no gaps', async () => {
    const { store } = place()
    expect(await outcomes(store, [commit({ seq: 2 })])).toStrictEqual(['conflict'])
    expect(await store.head(actor)).toBeNull()
    expect(await store.entry(actor, 2)).toBeNull()
  })

  test('P1 there are no gaps within a group either', async () => {
    const { store } = place()
    const group = [commit(), commit({ seq: 3 }), commit({ actor: other }), commit({ seq: 2 })]
    expect(await outcomes(store, group)).toStrictEqual([
      'committed',
      'conflict',
      'committed',
      'conflict',
    ])
    expect(await outcomes(store, [commit({ seq: 2 }), commit({ seq: 3 })])).toStrictEqual([
      'committed',
      'committed',
    ])
  })

  test('P2 an envelope that its actor has taken is a duplicate, with the seq of the first', async () => {
    const { store } = place()
    await store.append(line(3))
    const again = commit({ seq: 4, envelopeId: 'envelope-2' })
    expect(await outcomes(store, [again])).toStrictEqual(['duplicate of 2'])
    expect(await outcomes(store, [commit({ seq: 2, envelopeId: 'envelope-2' })])).toStrictEqual([
      'duplicate of 2',
    ])
    expect(await outcomes(store, [commit({ seq: 9, envelopeId: 'envelope-1' })])).toStrictEqual([
      'duplicate of 1',
    ])
    expect((await store.head(actor))?.seq).toBe(3)
  })

  test('P2 another actor may take the same envelope id', async () => {
    const { store } = place()
    expect(await outcomes(store, [commit(), commit({ actor: other })])).toStrictEqual([
      'committed',
      'committed',
    ])
  })

  test('P2 of two processes that append one envelope at once one commits it', async () => {
    const { store } = place()
    const peer = await place().peer()
    for (let seq = 1; seq <= 10; seq += 1) {
      const answers = await Promise.all([
        outcomes(store, [commit({ seq })]),
        outcomes(peer, [commit({ seq })]),
      ])
      expect(answers.flat().sort()).toStrictEqual(['committed', `duplicate of ${seq}`])
    }
  })

  test('P3 an entry comes back as it went in, whatever is in it', async () => {
    const { store } = place()
    const odd = {
      'a.b': 1,
      $set: { $ref: 'x', $id: 2 },
      '': null,
      _bsontype: 'ObjectId',
      __proto__x: [],
      text: 'naïve 🙂 \u0000 \uD800',
      numbers: [0.1, 1e308, -1, 2 ** 53 - 1],
    }
    const written = commit({ event: odd, effects: 2, timers: [timer('t', 5)] })
    await store.append([written])
    expect(await store.head(actor)).toStrictEqual(written.entry)
    expect(await (await place().reopen()).entry(actor, 1)).toStrictEqual(written.entry)
  })

  test('P4 what was acknowledged is seen by every process, and after opening again', async () => {
    const { store } = place()
    const peer = await place().peer()
    for (const next of line(5, { rows: [row('list', 'k', { n: 1 })] })) {
      await store.append([next])
      expect(await peer.head(actor)).toStrictEqual(next.entry)
      expect(await peer.viewRow('list', 'k')).toStrictEqual({ n: 1 })
    }
    const reopened = await place().reopen()
    expect(await all((page) => reopened.history(actor, page))).toHaveLength(5)
  })

  test('P5 in a group with a conflict and a duplicate the others are committed', async () => {
    const { store } = place()
    await store.append([commit(), commit({ actor: other })])
    const group = [
      commit({ envelopeId: 'late' }),
      commit({ actor: other, seq: 2, envelopeId: 'envelope-1' }),
      commit({ actor: 'counter/three' }),
      commit({ actor: 'counter/four', seq: 2 }),
      commit({ actor: 'counter/five', effects: 1 }),
    ]
    expect(await outcomes(store, group)).toStrictEqual([
      'conflict',
      'duplicate of 1',
      'committed',
      'conflict',
      'committed',
    ])
    expect((await store.head('counter/three'))?.seq).toBe(1)
    expect(await store.head('counter/four')).toBeNull()
  })

  test('P5 after the first of an actor that is not committed its later ones are conflicts', async () => {
    const { store } = place()
    await store.append(line(2))
    const group = [
      commit({ seq: 3 }),
      commit({ actor: other }),
      commit({ seq: 4, envelopeId: 'envelope-1' }),
      commit({ seq: 5 }),
      commit({ seq: 4 }),
      commit({ actor: other, seq: 2 }),
    ]
    expect(await outcomes(store, group)).toStrictEqual([
      'committed',
      'committed',
      'duplicate of 1',
      'conflict',
      'conflict',
      'committed',
    ])
    expect((await store.head(actor))?.seq).toBe(3)
  })

  test('P5 many entries of one actor in one group are all committed in order', async () => {
    const { store } = place()
    expect(new Set(await outcomes(store, line(40)))).toStrictEqual(new Set(['committed']))
    expect((await store.head(actor))?.seq).toBe(40)
  })

  test('an append whose answer was lost is a duplicate when it is done again', async () => {
    for (const when of ['before', 'after'] as const) {
      const ref = `counter/${when}` as const
      const store = tracking(failingOnce(place().store, 1, when), new Map())
      const one = commit({ actor: ref, rows: [row('list', ref)], effects: 1 })
      await expect(store.append([one])).rejects.toMatchObject({ code: 'store_unavailable' })
      const expected = when === 'before' ? 'committed' : 'duplicate of 1'
      expect(await outcomes(store, [one])).toStrictEqual([expected])
      expect(await all((page) => store.history(ref, page))).toStrictEqual([one.entry])
      expect(await store.viewRow('list', ref)).toStrictEqual({})
    }
  })

  test('many appends at once are all answered', async () => {
    const { store } = place()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => outcomes(store, [commit({ actor: `counter/n${n}` })])),
    )
    expect(new Set(answers.flat())).toStrictEqual(new Set(['committed']))
  })

  test('a commit that no store could hold is refused whole, and nothing of it is written', async () => {
    const { store } = place()
    const wrong = [
      commit({ seq: 0 }),
      commit({ seq: 1.5 }),
      commit({ envelopeId: 'a\0b' }),
      commit({ rows: [row('no/slash', 'k')] }),
      commit({ rows: [row('list', '\uDC00')] }),
      commit({ rows: [row('list', 'k'), row('list', 'k')] }),
    ]
    for (const bad of wrong) {
      await expect(store.append([commit({ actor: other }), bad])).rejects.toThrow(RangeError)
    }
    expect(await store.head(other)).toBeNull()
  })

  test('the entry of a moment is the newest that was committed by then', async () => {
    const { store } = place()
    const times = [10, 20, 20, 30]
    await store.append(times.map((seconds, n) => commit({ seq: n + 1, at: at(seconds) })))
    const seqAt = async (seconds: number) => (await store.entryAt(actor, at(seconds)))?.seq ?? null
    expect(await seqAt(9)).toBeNull()
    expect(await seqAt(10)).toBe(1)
    expect(await seqAt(20)).toBe(3)
    expect(await seqAt(29)).toBe(3)
    expect(await seqAt(1000)).toBe(4)
    expect(await store.entryAt(other, at(1000))).toBeNull()
  })

  test('the seqs of envelopes are found, and of no others', async () => {
    const { store } = place()
    await store.append(line(3))
    const found = await store.seqsOf(actor, ['envelope-3', 'nobody', 'envelope-1', 'a\0b'])
    expect(new Map(found)).toStrictEqual(
      new Map([
        ['envelope-1', 1],
        ['envelope-3', 3],
      ]),
    )
    expect((await store.seqsOf(actor, [])).size).toBe(0)
    expect((await store.seqsOf(other, ['envelope-1'])).size).toBe(0)
  })

  test('it can say that it can write', async () => {
    await expect(place().store.ping()).resolves.toBeUndefined()
  })

  test('a closed store says that it is closed, and may be closed again', async () => {
    const { store } = place()
    await store.close()
    await store.close()
    const calls: (() => Promise<unknown>)[] = [
      () => store.head(actor),
      () => store.append([commit()]),
      () => store.claim(at(0), 1, 1000),
      () => store.ping(),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'store_closed' })
  })
}

function pagesContract(open: OpenPlace): void {
  const place = placeForEach(open)

  const fill = async (store: TrackingStore) => {
    const refs = ['account/b', 'account/a', 'account_x/a', 'invoice/1', 'counter/~', 'counter/A']
    await store.append([...refs, 'counter/one'].map((ref) => commit({ actor: refOf(ref) })))
    return refs
  }

  test.each([1, 2, 3, 1000])('pages of %i hold all, once and in order', async (limit) => {
    const { store } = place()
    await fill(store)
    await store.append(line(7).slice(1))
    const refs = await all((page) => store.actors(null, page), limit)
    expect(refs).toStrictEqual([
      'account/a',
      'account/b',
      'account_x/a',
      'counter/A',
      'counter/one',
      'counter/~',
      'invoice/1',
    ])
    expect(await all((page) => store.actors('account', page), limit)).toStrictEqual([
      'account/a',
      'account/b',
    ])
    expect(await all((page) => store.actors('nothing', page), limit)).toStrictEqual([])
    const history = await all((page) => store.history(actor, page), limit)
    expect(history.map(({ seq }) => seq)).toStrictEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test.each([1, 2, 1000])('pages of %i hold the actors whose id begins so', async (limit) => {
    const { store } = place()
    const ids = ['evt_1~a', 'evt_1~b', 'evt_1~~', 'evt_10~a', 'evt_1', 'evt_2~a']
    const refs = [...ids.map((id) => `event/${id}`), 'event_x/evt_1~a', 'account/evt_1~a']
    await store.append(refs.map((ref) => commit({ actor: refOf(ref) })))
    expect(await all((page) => store.actors('event', page, 'evt_1~'), limit)).toStrictEqual([
      'event/evt_1~a',
      'event/evt_1~b',
      'event/evt_1~~',
    ])
    expect(await all((page) => store.actors('event', page, 'evt_3~'), limit)).toStrictEqual([])
    const { cursor } = await store.actors('event', { cursor: null, limit: 1 }, 'evt_1~')
    await expect(store.actors('event', { cursor, limit: 1 })).rejects.toMatchObject({
      code: 'bad_cursor',
    })
  })

  test('the last page has no cursor, also when it is full', async () => {
    const { store } = place()
    await store.append(line(4))
    const first = await store.history(actor, { cursor: null, limit: 2 })
    const second = await store.history(actor, { cursor: first.cursor, limit: 2 })
    expect(first.cursor).not.toBeNull()
    expect(second.cursor).toBeNull()
  })

  test('a cursor that this list did not give is refused', async () => {
    const { store } = place()
    await store.append([...line(3), commit({ actor: other })])
    const { cursor } = await store.history(actor, { cursor: null, limit: 1 })
    const refused = { code: 'bad_cursor' }
    const { cursor: ofActors } = await store.actors(null, { cursor: null, limit: 1 })
    for (const bad of ['', 'x', '%%%', ofActors]) {
      await expect(store.history(actor, { cursor: bad, limit: 1 })).rejects.toMatchObject(refused)
    }
    for (const call of [
      store.history(other, { cursor, limit: 1 }),
      store.actors(null, { cursor, limit: 1 }),
      store.actors('counter', { cursor: ofActors, limit: 1 }),
      store.viewRows('list', '', { cursor, limit: 1 }),
      store.parked({ cursor, limit: 1 }),
    ]) {
      await expect(call).rejects.toMatchObject(refused)
    }
  })

  test.each([0, -1, 1001, 1.5, Number.NaN])('a limit of %d is refused', async (limit) => {
    const { store } = place()
    const page = { cursor: null, limit }
    await expect(store.history(actor, page)).rejects.toThrow(RangeError)
    await expect(store.actors(null, page)).rejects.toThrow(RangeError)
    await expect(store.viewRows('list', '', page)).rejects.toThrow(RangeError)
    await expect(store.parked(page)).rejects.toThrow(RangeError)
  })
}

function refOf(text: string) {
  const slash = text.indexOf('/')
  return `${text.slice(0, slash)}/${text.slice(slash + 1)}` as const
}
