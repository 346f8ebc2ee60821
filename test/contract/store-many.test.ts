import { afterAll, describe, expect, test } from 'vitest'
import type { ActorRef } from '../../values/ids.ts'
import { mongoForTests } from '../mongo.ts'
import { type OpenPlace, at, commit } from './store-given.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'

const count = 100_000
const group = 1000

function ref(n: number): ActorRef {
  return `counter/${String(n).padStart(6, '0')}`
}

function manyContract(open: OpenPlace): void {
  test('P4 100,000 actors are written, found each by itself, and listed once in order', async () => {
    const place = await open()
    try {
      const { store } = place
      for (let from = 0; from < count; from += group) {
        const commits = Array.from({ length: group }, (_, n) => {
          const timers = n === 0 ? [{ name: 't', dueAt: at(from), instance: `${ref(from)}#1` }] : []
          return commit({ actor: ref(from + n), effects: n === 1 ? 1 : 0, timers })
        })
        const answers = await store.append(commits)
        expect(answers.every(({ outcome }) => outcome === 'committed')).toBe(true)
      }
      for (let n = 0; n < count; n += 997) {
        expect(await store.head(ref(n))).toMatchObject({ actor: ref(n), seq: 1 })
      }
      let next = 0
      let cursor: string | null = null
      do {
        const page = await store.actors('counter', { cursor, limit: 1000 })
        for (const actor of page.items) {
          if (actor !== ref(next)) throw new Error(`${actor} stands where ${ref(next)} belongs`)
          next += 1
        }
        cursor = page.cursor
      } while (cursor !== null)
      expect(next).toBe(count)
      expect(await store.claim(at(99), 60, 1000)).toHaveLength(60)
      expect(await store.dueTimers(at(49_000), 1000)).toHaveLength(50)
      expect(await store.nextTimerAt()).toBe(at(0))
    } finally {
      await place.remove()
    }
  }, 180_000)
}

describe('the embedded store', () => {
  manyContract(embeddedPlace)
})

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  describe('the store in MongoDB', () => {
    manyContract(open)
  })
}
