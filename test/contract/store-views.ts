import { expect, test } from 'vitest'
import { type Projected, commitOf } from '../../actors/journal/commit-of.ts'
import type { Entry, ViewRow } from '../../actors/journal/journal.ts'
import {
  type OpenPlace,
  type TrackingStore,
  actor,
  all,
  at,
  commit,
  everythingDerived,
  line,
  other,
  posting,
  row,
  timer,
} from './store-given.ts'
import { placeForEach } from './store-place.ts'

/** A view that depends on the entry alone: its parity changes which keys there are. */
function project({ actor: ref, seq }: Entry): readonly ViewRow[] {
  const odd = seq % 2 === 1
  return [
    row('accounts', ref, { seq }),
    ...(odd ? [row('odd', `${ref}:1`, { seq }), row('odd', `${ref}:2`, { seq })] : []),
    posting('ledger', `${ref}#${seq}`, { amount: seq }),
    posting('ledger', `${ref}#first`, { amount: seq }),
  ]
}

function projected(commits: readonly Projected[]): Projected[] {
  return commits.map(({ entry }) => ({ entry, rows: project(entry) }))
}

const views = ['accounts', 'odd', 'ledger']

export function viewsContract(open: OpenPlace): void {
  const place = placeForEach(open)
  const rowsOf = (view: string, prefix = '') =>
    all((page) => place().store.viewRows(view, prefix, page))

  test('P8 a latest row is replaced by a later entry and goes when that does not give it', async () => {
    const { store } = place()
    await store.append([commit({ rows: [row('list', 'a', { n: 1 }), row('list', 'b', { n: 1 })] })])
    await store.append([commit({ actor: other, rows: [row('list', 'c', { n: 7 })] })])
    await store.append([
      commit({ seq: 2, rows: [row('list', 'b', { n: 2 }), row('list', 'd', { n: 2 })] }),
    ])
    expect(await rowsOf('list')).toStrictEqual([
      { key: 'b', value: { n: 2 } },
      { key: 'c', value: { n: 7 } },
      { key: 'd', value: { n: 2 } },
    ])
    expect(await store.viewRow('list', 'a')).toBeNull()
    expect(await store.viewRow('list', 'd')).toStrictEqual({ n: 2 })
    await store.append([commit({ seq: 3 })])
    expect(await rowsOf('list')).toStrictEqual([{ key: 'c', value: { n: 7 } }])
  })

  test('P8 a row that went comes back when a later entry gives it again', async () => {
    const { store } = place()
    await store.append([
      commit({ rows: [row('list', 'a', { n: 1 })] }),
      commit({ seq: 2 }),
      commit({ seq: 3, rows: [row('list', 'a', { n: 3 })] }),
    ])
    expect(await rowsOf('list')).toStrictEqual([{ key: 'a', value: { n: 3 } }])
  })

  test('P8 an append row stays for ever, as the first entry gave it', async () => {
    const { store } = place()
    await store.append([commit({ rows: [posting('ledger', 'p1', { n: 1 })] })])
    await store.append([commit({ seq: 2, rows: [posting('ledger', 'p1', { n: 99 })] })])
    await store.append([commit({ seq: 3, rows: [posting('ledger', 'p2', { n: 3 })] })])
    expect(await rowsOf('ledger')).toStrictEqual([
      { key: 'p1', value: { n: 1 } },
      { key: 'p2', value: { n: 3 } },
    ])
  })

  test('P8 an append row that is given again after a pause stays as it was first', async () => {
    const { store } = place()
    const again = (ref: typeof actor) => [
      commit({ actor: ref, rows: [posting('ledger', ref, { n: 1 })] }),
      commit({ actor: ref, seq: 2 }),
      commit({ actor: ref, seq: 3, rows: [posting('ledger', ref, { n: 99 })] }),
    ]
    await store.append(again(actor))
    for (const one of again(other)) await store.append([one])
    expect(await rowsOf('ledger')).toStrictEqual([
      { key: actor, value: { n: 1 } },
      { key: other, value: { n: 1 } },
    ])
  })

  test('P8 entries of one group leave the rows that they would leave one by one', async () => {
    const { store } = place()
    await store.append(projected(line(5)))
    for (const one of projected(line(5, { actor: other }))) await store.append([one])
    const own = (keys: { key: string; value: unknown }[], ref: string) =>
      keys
        .filter(({ key }) => key.startsWith(ref))
        .map(({ key, value }) => [key.slice(ref.length), value])
    for (const view of views) {
      const rows = await rowsOf(view)
      expect(own(rows, actor)).toStrictEqual(own(rows, other))
    }
    expect(await rowsOf('ledger')).toHaveLength(12)
  })

  test('P8 entries that conflict or are duplicates leave no row', async () => {
    const { store } = place()
    await store.append([commit()])
    await store.append([
      commit({ envelopeId: 'late', rows: [row('list', 'x')] }),
      commit({ actor: other, seq: 2, rows: [posting('list', 'y')] }),
      commit({ seq: 2, envelopeId: 'envelope-1', rows: [row('list', 'z')] }),
    ])
    expect(await rowsOf('list')).toStrictEqual([])
  })

  test('P8 what a crash left between an entry and its rows is healed, once', async () => {
    const { store, half } = place()
    const timers = (seq: number) => [timer('due', 100 + seq, actor, seq)]
    const commits = projected([1, 2, 3, 4, 5, 6].map((seq) => commit({ seq, timers: timers(seq) })))
    const [one, two, three, four, five, six] = commits
    if (!one || !two || !three || !four || !five || !six) throw new Error('six commits')
    await store.append([one])
    if (half) {
      await half(two)
      await half(three)
    } else {
      await store.append([two, three])
    }
    expect(await store.append([four])).toMatchObject([{ outcome: 'committed' }])
    const healed = await store.heal(project)
    expect(healed).toBe(half ? 2 : 0)
    expect(await store.heal(project)).toBe(0)
    expect(await store.dueTimers(at(999), 9)).toStrictEqual([{ actor, ...timers(4)[0] }])
    await store.append([five])
    await (half ?? ((last: Projected) => store.append([last])))(six)
    await (await place().peer()).heal(project)
    const live = await everythingDerived(store, views)
    await store.rebuild(project, () => {})
    expect(await everythingDerived(store, views)).toStrictEqual(live)
    expect(await store.viewRow('accounts', actor)).toStrictEqual({ seq: 6 })
    expect(await rowsOf('odd')).toStrictEqual([])
    expect(await rowsOf('ledger')).toHaveLength(7)
  })

  test('P8 what a crash left out is healed where later entries did not change it again', async () => {
    const { store, half } = place()
    const write = half ?? ((one: Projected) => store.append([one]))
    const rowsOfEntry = ({ seq }: Entry): ViewRow[] => [
      ...(seq === 1 ? [row('list', 'dropped', { seq: 1 })] : [row('list', 'born', { since: 2 })]),
      row('list', 'kept', { at: Math.min(seq, 2) }),
      ...(seq < 4 ? [row('list', 'late', { seq: 3 })] : []),
    ]
    const given = (seq: number) => {
      const armed = seq === 1 ? [] : [timer('t', 100, actor, 2)]
      const one = commit({ seq, timers: armed })
      return { ...one, rows: rowsOfEntry(one.entry) }
    }
    await store.append([given(1)])
    await write(given(2))
    await store.append([given(3)])
    await write(given(4))
    await store.append([given(5)])
    expect(await store.heal(rowsOfEntry)).toBe(half ? 2 : 0)
    expect(await rowsOf('list')).toStrictEqual([
      { key: 'born', value: { since: 2 } },
      { key: 'kept', value: { at: 2 } },
    ])
    expect(await store.dueTimers(at(999), 9)).toStrictEqual([
      { actor, ...timer('t', 100, actor, 2) },
    ])
    expect(await store.heal(rowsOfEntry)).toBe(0)
  })

  test('P8 an append that died before its rows were written is completed by doing it again', async () => {
    const { store, half } = place()
    const [one] = projected(line(1))
    if (!one) throw new Error('one commit')
    await (half ?? ((first: Projected) => store.append([first])))(one)
    expect(await store.append([one])).toStrictEqual([{ outcome: 'duplicate', seq: 1 }])
    expect(await store.viewRow('accounts', actor)).toStrictEqual({ seq: 1 })
  })

  test('P9 views and timers that are dropped and rebuilt equal the old ones', async () => {
    const { store } = place()
    await fill(store)
    const live = await everythingDerived(store, views)
    const steps: number[] = []
    await store.rebuild(project, (actorsDone) => steps.push(actorsDone))
    expect(steps.at(-1)).toBe(12)
    expect(await everythingDerived(store, views)).toStrictEqual(live)
    expect(await everythingDerived(await place().reopen(), views)).toStrictEqual(live)
  })

  test('P9 a rebuild writes what a changed projection gives, and later entries build on it', async () => {
    const { store } = place()
    const commits = projected(line(2))
    await store.append(commits)
    const fresh = ({ actor: ref }: Entry) => [row('fresh', ref, { kept: false })]
    await store.rebuild(fresh, () => {})
    expect(await rowsOf('accounts')).toStrictEqual([])
    expect(await rowsOf('ledger')).toStrictEqual([])
    expect(await rowsOf('fresh')).toStrictEqual([{ key: actor, value: { kept: false } }])
    const [, two] = commits
    if (!two) throw new Error('a second')
    const three = commitOf({ entry: two.entry, rows: fresh(two.entry) }, commit({ seq: 3 }))
    await store.append([three])
    expect(await rowsOf('fresh')).toStrictEqual([])
  })

  test('keys are in the order of their UTF-8 bytes, and a prefix is a prefix of characters', async () => {
    const { store } = place()
    const keys = ['b', 'a', 'a/1', 'a/10', 'a/2', 'é', 'Z', '\uFFFD', '🙂', 'a\u{10FFFF}x', '']
    await store.append([commit({ rows: keys.map((key) => row('list', key)) })])
    const sorted = ['', 'Z', 'a', 'a/1', 'a/10', 'a/2', 'a\u{10FFFF}x', 'b', 'é', '\uFFFD', '🙂']
    const keysOf = async (prefix: string, limit: number) => {
      const rows = await all((page) => store.viewRows('list', prefix, page), limit)
      return rows.map(({ key }) => key)
    }
    for (const limit of [1, 3, 1000]) {
      expect(await keysOf('', limit)).toStrictEqual(sorted)
      expect(await keysOf('a/', limit)).toStrictEqual(['a/1', 'a/10', 'a/2'])
      expect(await keysOf('a\u{10FFFF}', limit)).toStrictEqual(['a\u{10FFFF}x'])
      expect(await keysOf('zz', limit)).toStrictEqual([])
    }
    expect(await all((page) => store.viewRows('lis', '', page))).toStrictEqual([])
  })

  test('timers of the newest snapshot alone are due, earliest first', async () => {
    const { store } = place()
    expect(await store.nextTimerAt()).toBeNull()
    await store.append([
      commit({ timers: [timer('late', 50), timer('soon', 20)] }),
      commit({ actor: other, timers: [timer('soon', 30, other), timer('later', 90, other)] }),
    ])
    const due = async (seconds: number, limit = 10) =>
      (await store.dueTimers(at(seconds), limit)).map((one) => [one.actor, one.name])
    expect(await store.nextTimerAt()).toBe(at(20))
    expect(await due(19)).toStrictEqual([])
    expect(await due(50)).toStrictEqual([
      [actor, 'soon'],
      [other, 'soon'],
      [actor, 'late'],
    ])
    expect(await due(99, 2)).toStrictEqual([
      [actor, 'soon'],
      [other, 'soon'],
    ])
    expect(await store.armedTimerNames()).toStrictEqual(['late', 'later', 'soon'])

    const rearmed = { name: 'late', dueAt: at(70), instance: `${actor}#2` }
    await store.append([commit({ seq: 2, timers: [rearmed] })])
    expect(await store.dueTimers(at(80), 10)).toStrictEqual([
      { actor: other, ...timer('soon', 30, other) },
      { actor, ...rearmed },
    ])
    await store.append([commit({ actor: other, seq: 2 }), commit({ seq: 3 })])
    expect(await due(9999)).toStrictEqual([])
    expect(await store.nextTimerAt()).toBeNull()
    expect(await store.armedTimerNames()).toStrictEqual([])
  })

  test('timers that stay, change and go are known across any number of entries', async () => {
    const { store } = place()
    const peer = await place().peer()
    // Changes fall on entries of every kind: whole ones, and such as hold what changed.
    const armed = (seq: number) =>
      seq < 5 || seq > 34 ? [] : [timer('t', 100 + Math.floor(seq / 4), actor, seq - (seq % 4))]
    for (let seq = 1; seq <= 36; seq += 1) {
      const one = seq % 3 === 0 ? peer : store
      await one.append([commit({ seq, timers: armed(seq) })])
      const due = armed(seq).map((each) => ({ actor, ...each }))
      expect(await store.dueTimers(at(999), 9)).toStrictEqual(due)
      expect(await peer.nextTimerAt()).toBe(due[0]?.dueAt ?? null)
    }
  })
}

async function fill(store: TrackingStore): Promise<void> {
  for (let n = 0; n < 12; n += 1) {
    const ref = `counter/n${n}` as const
    const commits = line((n % 4) + 1, { actor: ref, timers: [timer(`t${n % 3}`, n, ref)] })
    await store.append(projected(commits))
  }
}
