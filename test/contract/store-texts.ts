import { expect, test } from 'vitest'
import type { Entry } from '../../actors/journal/journal.ts'
import { openStore } from '../../persistence/open.ts'
import {
  type OpenPlace,
  type Place,
  type TrackingStore,
  actor,
  all,
  at,
  commit,
  line,
  other,
  testDictionaries,
  tracking,
} from './store-given.ts'
import { placeForEach } from './store-place.ts'

const tale = 'Once upon a time, "happily ever after".\n'.repeat(40)

/** Does something with the place as a release sees it that has these dictionaries. */
async function asRelease(
  { location }: Place,
  dictionaries: readonly string[],
  work: (store: TrackingStore) => Promise<void>,
): Promise<void> {
  const { store } = await openStore({ ...location, dictionaries })
  try {
    await work(tracking(store, new Map()))
  } finally {
    await store.close()
  }
}

/** Long texts of events, which both homes keep packed. */
export function textsContract(open: OpenPlace): void {
  const place = placeForEach(open)

  test.each`
    event                                                                    | why
    ${{ body: tale }}                                                        | ${'in few bytes'}
    ${{ body: `\uFEFF${tale}\0\u{1F642}` }}                                  | ${'a byte order mark, NUL, two units'}
    ${{ body: `${tale}\uD800` }}                                             | ${'half a UTF-16 pair'}
    ${{ body: tale, title: `${tale}!`, after: [tale] }}                      | ${'several'}
    ${{ 'a.b': tale }}                                                       | ${'a name that MongoDB would take apart'}
    ${{ $set: tale }}                                                        | ${'a name that is a command there'}
    ${{ '': tale, '100%': 1 }}                                               | ${'no name'}
    ${JSON.parse(JSON.stringify({ a: tale }).replace('"a"', '"__proto__"'))} | ${'the name of the prototype'}
  `('P3 a long text comes back as it went in, wherever it is read: $why', async ({ event }) => {
    const { store } = place()
    const entries = [...line(3, { event }), commit({ actor: other })].map(({ entry }) => entry)
    await store.append(entries.map((entry) => ({ entry, rows: [] })))
    for (const read of [() => store, () => place().peer(), () => place().reopen()]) {
      const reader = await read()
      const seen: Entry[] = []
      await reader.rebuild(
        (entry) => (seen.push(entry), []),
        () => {},
      )
      const [, second, third] = entries
      const head = await reader.head(actor)
      expect(head).toStrictEqual(third)
      expect(JSON.stringify(head?.envelope.event)).toBe(JSON.stringify(third?.envelope.event))
      expect(await reader.entry(actor, 2)).toStrictEqual(second)
      expect(await reader.entryAt(actor, at(2))).toStrictEqual(second)
      expect(await all((page) => reader.history(actor, page))).toStrictEqual(entries.slice(0, 3))
      expect(seen).toStrictEqual(entries)
    }
  })

  test('P2 an entry with a long text that is appended again is a duplicate', async () => {
    const { store } = place()
    await store.append([commit({ event: { body: tale } })])
    expect(await store.append([commit({ event: { body: tale } })])).toStrictEqual([
      { outcome: 'duplicate', seq: 1 },
    ])
  })

  test('P6 the effects of an entry with a long text are claimed', async () => {
    const { store } = place()
    await store.append([commit({ event: { body: tale }, effects: 1 })])
    expect(await store.claim(at(9), 9, 1_000)).toMatchObject([{ correlationId: 'because-1' }])
    expect(await store.effectsOf(actor, 1)).toMatchObject([{ standing: 'open' }])
  })

  test('A10 what releases before have packed is read, and what a later one has is named', async () => {
    const [first = '', second = ''] = testDictionaries
    await place().store.close()
    const commits = line(3, { event: { body: tale } })
    for (const [seq, dictionaries] of [[], [first], [first, second]].entries()) {
      await asRelease(place(), dictionaries, async (store) => {
        await store.append(commits.slice(seq, seq + 1))
      })
    }
    await asRelease(place(), [first, second], async (store) => {
      const history = await all((page) => store.history(actor, page))
      expect(history).toStrictEqual(commits.map(({ entry }) => entry))
    })
    await asRelease(place(), [first], async (store) => {
      expect(await store.entry(actor, 2)).toStrictEqual(commits[1]?.entry)
      await expect(store.entry(actor, 3)).rejects.toMatchObject({
        code: 'dictionary_unknown',
        message: expect.stringContaining(`${actor}#3`),
      })
    })
    await place().reopen()
  })
}
