import { expect, test } from 'vitest'
import type { ActorRef } from '../../values/ids.ts'
import {
  type OpenPlace,
  all,
  at,
  commit,
  everythingDerived,
  line,
  posting,
  row,
  timer,
} from './store-given.ts'
import { placeForEach } from './store-place.ts'

const minute = 60_000

export function forgetContract(open: OpenPlace): void {
  const place = placeForEach(open)

  /**
   * Actors of one type, each with one entry, rows and a timer, committed one second after the
   * other.
   */
  const fill = async (refs: readonly ActorRef[]) => {
    await place().store.append(
      refs.map((ref, n) =>
        commit({
          actor: ref,
          at: at(n),
          rows: [row('list', ref), posting('ledger', ref)],
          timers: [timer('t', 500, ref)],
        }),
      ),
    )
  }

  const actors = () => all((page) => place().store.actors(null, page))

  test('what ended long ago is forgotten with all that follows from it, oldest first', async () => {
    const { store } = place()
    await fill(['event/c', 'event/a', 'account/x', 'event/b', 'event/d'])
    expect(await store.forget('event', at(4), 2)).toBe(2)
    expect(await actors()).toStrictEqual(['account/x', 'event/b', 'event/d'])
    expect(await store.forget('event', at(4), 10)).toBe(1)
    expect(await store.forget('event', at(4), 10)).toBe(0)
    const left: ActorRef[] = ['account/x', 'event/d']
    expect(await actors()).toStrictEqual(left)
    expect(await store.head('event/a')).toBeNull()
    expect(
      (await all((page) => store.viewRows('list', '', page))).map(({ key }) => key),
    ).toStrictEqual(left)
    expect((await store.dueTimers(at(999), 10)).map((one) => one.actor)).toStrictEqual(left)
    const live = await everythingDerived(store, ['list', 'ledger'])
    await store.rebuild(
      ({ actor: ref }) => [row('list', ref), posting('ledger', ref)],
      () => {},
    )
    expect(await everythingDerived(store, ['list', 'ledger'])).toStrictEqual(live)
  })

  test('an actor of many entries is forgotten whole, and may begin again', async () => {
    const { store } = place()
    const ref = 'event/long' as const
    await store.append(line(20, { actor: ref, rows: [row('list', ref)] }))
    expect(await store.forget('event', at(20), 10)).toBe(0)
    expect(await store.forget('event', at(21), 10)).toBe(1)
    expect(await all((page) => store.history(ref, page))).toStrictEqual([])
    expect((await store.seqsOf(ref, ['envelope-3'])).size).toBe(0)
    const [next] = line(21, { actor: ref }).slice(20)
    if (!next) throw new Error('a next one')
    expect(await store.append([next])).toStrictEqual([{ outcome: 'conflict' }])
    expect(await store.append([commit({ actor: ref, at: at(50) })])).toStrictEqual([
      { outcome: 'committed' },
    ])
    expect(await (await place().reopen()).head(ref)).toMatchObject({ seq: 1, committedAt: at(50) })
  })

  test('as many are forgotten as are asked for, and no more, however many there are', async () => {
    const { store } = place()
    const refs = Array.from(
      { length: 130 },
      (_, n) => `event/n${String(n).padStart(3, '0')}` as const,
    )
    await store.append(refs.map((ref, n) => commit({ actor: ref, at: at(n) })))
    expect(await store.forget('event', at(999), 103)).toBe(103)
    expect(await actors()).toStrictEqual(refs.slice(103))
    expect(await store.forget('event', at(129), 103)).toBe(26)
    expect(await actors()).toStrictEqual(refs.slice(129))
  })

  test('rows go with their actor, whichever entry or rebuild gave them', async () => {
    const { store } = place()
    const [a, b, c] = ['event/a', 'event/b', 'event/c'] as const
    await store.append([commit({ actor: a }), commit({ actor: b }), commit({ actor: c })])
    await store.append([commit({ actor: a, seq: 2, rows: [posting('ledger', a)] })])
    expect(await store.forget('event', at(3), 3)).toBe(3)
    expect(await all((page) => store.viewRows('ledger', '', page))).toStrictEqual([])
    await store.append([commit({ actor: b, at: at(5) }), commit({ actor: c, at: at(9) })])
    await store.rebuild(
      ({ actor: ref }) => [row('list', ref)],
      () => {},
    )
    expect(await store.forget('event', at(6), 3)).toBe(1)
    expect(await all((page) => store.viewRows('list', '', page))).toStrictEqual([
      { key: c, value: {} },
    ])
  })

  test('nothing is forgotten while an effect of it is open or parked', async () => {
    const { store } = place()
    const refs = ['event/a', 'event/b', 'event/c'] as const
    await store.append(refs.map((ref) => commit({ actor: ref, at: at(1), effects: 1 })))
    await store.append([commit({ actor: 'event/b', seq: 2, at: at(2) })])
    await store.claim(at(3), 10, minute)
    await store.settle([
      { id: 'event/a#1.1', outcome: 'parked', at: at(4), error: 'no' },
      { id: 'event/c#1.1', outcome: 'done', result: { told: 'all' } },
    ])
    expect(await store.forget('event', at(99), 1)).toBe(1)
    expect(await store.forget('event', at(99), 10)).toBe(0)
    expect(await actors()).toStrictEqual(['event/a', 'event/b'])
    await store.settle(refs.map((ref) => ({ id: `${ref}#1.1`, outcome: 'done' }) as const))
    expect(await store.forget('event', at(99), 10)).toBe(2)
    expect(await actors()).toStrictEqual([])
    expect(await store.effectsOf('event/c', 1)).toStrictEqual([])
  })

  test('nothing is forgotten whose envelope is parked', async () => {
    const { store } = place()
    const { entry } = commit({ actor: 'event/a', at: at(1) })
    await store.append([{ entry, rows: [] }])
    const item = { kind: 'envelope', error: 'threw', parkedAt: at(2), effect: null } as const
    const id = 'event/a!late'
    await store.park({ ...item, id, actor: 'event/a', envelope: { ...entry.envelope, id: 'late' } })
    expect(await store.forget('event', at(99), 10)).toBe(0)
    await store.unpark(id, at(3), 'ann')
    expect(await store.forget('event', at(99), 10)).toBe(1)
  })
}
