import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Projected } from '../../actors/journal/commit-of.ts'
import type { Store } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Json, JsonObject } from '../../values/json.ts'
import { type OpenPlace, actor, all, commit, line, other } from './store-given.ts'
import { placeForEach } from './store-place.ts'

// States come and go by what changed in them; every one of them is there all the same.

const oddKeys = ['', '$set', 'a.b', '_bsontype', '__proto__', '%', '%24', '%json', 'a\0b', '\uD800']
const anyKey = fc.constantFrom('count', 'name', 'length', '7', 'naïve 🙂', ...oddKeys)
const anyLeaf = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    0.1,
    1e308,
    2 ** 31,
    2 ** 53 - 1,
    -1,
    'a\0b',
    '\uDC00',
    '%',
    [],
  ),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const { anyState } = fc.letrec<{ anyValue: Json; anyState: JsonObject }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 3 },
    anyLeaf,
    fc.array(tie('anyValue'), { maxLength: 3 }),
    tie('anyState'),
  ),
  anyState: fc.dictionary(anyKey, tie('anyValue'), { maxKeys: 6, noNullPrototype: true }),
}))

const anyStep = fc.record({ gone: fc.array(anyKey, { maxLength: 2 }), set: anyState })

/** States of which each follows from the one before, as a chart's do: members keep their places. */
function statesOf(steps: readonly { gone: readonly string[]; set: JsonObject }[]): JsonObject[] {
  const states: JsonObject[] = []
  for (const { gone, set } of steps) {
    const kept = Object.entries(states.at(-1) ?? {}).filter(([key]) => !gone.includes(key))
    states.push({ ...Object.fromEntries(kept), ...set })
  }
  return states
}

function withStates(states: readonly JsonObject[]): Projected[] {
  return states.map((state, n) => {
    const seq = n + 1
    const { entry, rows } = commit({ seq })
    const snapshot = { ...entry.snapshot, version: 1 + Math.floor(n / 20), state }
    return { entry: { ...entry, snapshot }, rows }
  })
}

async function expectAll(store: Store, commits: readonly Projected[]): Promise<void> {
  const entries = commits.map(({ entry }) => entry)
  expect(await store.head(actor)).toStrictEqual(entries.at(-1))
  for (const entry of entries) {
    const found = await store.entry(actor, entry.seq)
    expect(found).toStrictEqual(entry)
    // To the order of its members: what is decided may follow it.
    expect(JSON.stringify(found?.snapshot.state)).toBe(JSON.stringify(entry.snapshot.state))
    expect(await store.entryAt(actor, entry.committedAt)).toStrictEqual(entry)
  }
  for (const limit of [7, 16, 1000]) {
    expect(await all((page) => store.history(actor, page), limit)).toStrictEqual(entries)
  }
}

export function changesContract(open: OpenPlace): void {
  const place = placeForEach(open)

  test('P3 every past state of an actor is what was appended, whatever changed in it', async () => {
    const anyStates = fc.oneof(
      fc.array(anyState, { minLength: 60, maxLength: 60 }),
      fc.array(anyStep, { minLength: 60, maxLength: 60 }).map(statesOf),
    )
    await fc.assert(
      fc.asyncProperty(anyStates, async (states) => {
        const opened = await open()
        try {
          const commits = withStates(states)
          for (let from = 0; from < commits.length; from += 9) {
            const group = commits.slice(from, from + 9)
            await opened.store.append(group)
            expect(await opened.store.head(actor)).toStrictEqual(group.at(-1)?.entry)
          }
          await expectAll(await opened.peer(), commits)
          await expectAll(await opened.reopen(), commits)
        } finally {
          await opened.remove()
        }
      }),
      { numRuns: 4 },
    )
  })

  test('P3 a state nested deeper than a database would is kept', async () => {
    const { store } = place()
    let deep: JsonObject = { end: '\uD800' }
    for (let n = 0; n < 300; n += 1) deep = n % 2 === 0 ? { 'a.b': deep } : { list: [deep, n] }
    const commits = withStates([{}, { deep }, { deep: { ...deep, more: 1 } }, {}])
    await store.append(commits)
    await expectAll(store, commits)
  })

  test('P3 what two processes append in turn is read as it was by both', async () => {
    const { store } = place()
    const peer = await place().peer()
    const commits = withStates(line(40).map((_, n) => ({ [`key${n % 3}`]: { n, kept: [n] } })))
    for (const [n, one] of commits.entries()) await (n % 2 === 0 ? store : peer).append([one])
    await expectAll(store, commits)
    await expectAll(peer, commits)
  })

  test('the newest seqs of actors are found, and of those that do not exist none', async () => {
    const { store } = place()
    await store.append([...line(20), commit({ actor: other })])
    const peer = await place().peer()
    expect(await peer.newestSeqs([actor, 'counter/none', other, actor])).toStrictEqual(
      new Map([
        [actor, 20],
        [other, 1],
      ]),
    )
    expect((await peer.newestSeqs([])).size).toBe(0)
  })

  test('each of many actors stands as its own newest entry says, whatever its age', async () => {
    const { store } = place()
    const lengths = [0, 1, 2, 7, 8, 9, 15, 16, 17, 18, 33, 0, 1]
    const refOf = (n: number): ActorRef => `counter/a${n}`
    const lines = lengths.map((length, n) => line(length, { actor: refOf(n) }))
    // In turn, so that no actor's entries stand together.
    for (let seq = 0; seq < Math.max(...lengths); seq += 1) {
      await store.append(lines.flatMap((own) => own.slice(seq, seq + 1)))
    }
    const refs = lengths.map((_, n) => refOf(n))
    const stand = new Map(
      lines.map((own, n) => [refOf(n), { head: own.at(-1)?.entry ?? null, parked: null }]),
    )
    const peer = await place().peer()
    for (const asked of [store, peer]) {
      expect(new Map(await asked.standings([...refs, ...refs]))).toStrictEqual(stand)
    }
    const fresh = await place().reopen()
    // The second time it knows how old they are.
    for (let n = 0; n < 2; n += 1) {
      expect(new Map(await fresh.standings(refs))).toStrictEqual(stand)
    }
    for (const ref of refs) {
      expect(new Map(await fresh.standings([ref]))).toStrictEqual(new Map([[ref, stand.get(ref)]]))
    }
    expect((await fresh.standings([])).size).toBe(0)
  })
}
