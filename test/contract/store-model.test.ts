import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { ViewRow } from '../../actors/journal/journal.ts'
import type { Settlement, Store } from '../../actors/ports.ts'
import { type EffectId, effectId } from '../../values/ids.ts'
import { mongoForTests } from '../mongo.ts'
import { type OpenPlace, type TrackingStore, all, at, commit, posting, row } from './store-given.ts'
import { type Model, type Ties, createModel } from './store-model.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'

const refs = ['counter/a', 'counter/b', 'counter/c'] as const

const anyRef = fc.constantFrom(...refs)
const anySeconds = fc.integer({ min: 0, max: 60 })
const anyEffect = fc
  .tuple(anyRef, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 }))
  .map(([ref, seq, n]): EffectId => effectId(ref, seq, n))

const anyRows = fc
  .uniqueArray(fc.tuple(fc.constantFrom('k1', 'k2', 'k3'), fc.boolean()), {
    maxLength: 3,
    selector: ([key]) => key,
  })
  .map(
    (keys) =>
      (ref: string, seq: number): ViewRow[] =>
        keys.map(([key, latest]) =>
          latest
            ? row('rows', `${ref}:${key}`, { seq })
            : posting('rows', `${ref}:posted:${key}`, { seq }),
        ),
  )

/** `ahead` is how far the seq is from the right one: mostly not at all. */
const anyCommit = fc.record({
  ref: anyRef,
  ahead: fc.constantFrom(0, 0, 0, 0, 1, -1),
  envelope: fc.integer({ min: 0, max: 12 }),
  seconds: anySeconds,
  effects: fc.integer({ min: 0, max: 2 }),
  rows: anyRows,
})

const anySettlement = fc.oneof(
  fc.record({ id: anyEffect, outcome: fc.constant('done' as const) }),
  fc.record({
    id: anyEffect,
    outcome: fc.constant('retry' as const),
    at: anySeconds.map(at),
    error: fc.constant('again'),
    tries: fc.nat({ max: 5 }),
    attempt: fc.integer({ min: 1, max: 3 }),
    firstTriedAt: fc.option(anySeconds.map(at)),
  }),
  fc.record({
    id: anyEffect,
    outcome: fc.constant('parked' as const),
    at: anySeconds.map(at),
    error: fc.constant('bad'),
  }),
)

type Step =
  | { readonly do: 'append'; readonly commits: readonly AnyCommit[] }
  | { readonly do: 'claim'; readonly seconds: number; readonly limit: number }
  | { readonly do: 'settle'; readonly settlements: readonly Settlement[] }
  | { readonly do: 'unpark'; readonly id: EffectId; readonly seconds: number }

type AnyCommit = typeof anyCommit extends fc.Arbitrary<infer T> ? T : never

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    commits: fc.array(anyCommit, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    do: fc.constant('claim' as const),
    seconds: anySeconds,
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    settlements: fc.uniqueArray(anySettlement, { maxLength: 3, selector: ({ id }) => id }),
  }),
  fc.record({ do: fc.constant('unpark' as const), id: anyEffect, seconds: anySeconds }),
)

async function compare(store: TrackingStore, model: Model, step: Step): Promise<void> {
  switch (step.do) {
    case 'append': {
      const next = new Map(refs.map((ref) => [ref, model.history(ref).length + 1]))
      const commits = step.commits.map(({ ref, ahead, envelope, seconds, effects, rows }) => {
        const seq = Math.max(1, (next.get(ref) ?? 1) + ahead)
        if (ahead === 0) next.set(ref, seq + 1)
        const given = { actor: ref, seq, envelopeId: `e${envelope}`, at: at(seconds), effects }
        return commit({ ...given, rows: rows(ref, seq) })
      })
      expect(await store.append(commits)).toStrictEqual(model.append(commits))
      return
    }
    case 'claim': {
      const { seconds, limit } = step
      expect(await store.claim(at(seconds), limit, 15_000)).toStrictEqual(
        model.claim(at(seconds), limit, 15_000),
      )
      return
    }
    case 'settle':
      model.settle(step.settlements)
      await store.settle(step.settlements)
      return
    case 'unpark':
      expect(await store.unpark(step.id, at(step.seconds), 'ann')).toBe(
        model.unpark(step.id, at(step.seconds), 'ann'),
      )
  }
}

async function compareAll(store: Store, model: Model): Promise<void> {
  expect(await store.nextClaimAt()).toBe(model.nextClaimAt())
  const parked = await all((page) => store.parked(page))
  expect(parked.map(({ id }) => id)).toStrictEqual(model.parkedIds())
  for (const ref of refs) {
    const history = await all((page) => store.history(ref, page))
    expect(history).toStrictEqual(model.history(ref))
  }
  const rows = await all((page) => store.viewRows('rows', '', page))
  expect(new Map(rows.map(({ key, value }) => [key, value['seq']]))).toStrictEqual(model.rows())
}

function modelContract(open: OpenPlace, ties: Ties, runs: number): void {
  test('P1 P2 P5 P6 P7 P8 any sequence of calls is answered as by the model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), async (steps) => {
        const place = await open()
        try {
          const model = createModel(ties)
          for (const step of steps) await compare(place.store, model, step)
          await compareAll(place.store, model)
        } finally {
          await place.remove()
        }
      }),
      { numRuns: runs },
    )
  })
}

describe('the embedded store', () => {
  modelContract(embeddedPlace, 'by the first entry of their actors', 150)
})

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  describe('the store in MongoDB', () => {
    modelContract(open, 'by actor', 25)
  })
}
