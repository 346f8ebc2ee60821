import { statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ActorRef } from '../../values/ids.ts'
import { mongoForTests } from '../mongo.ts'
import { type OpenPlace, all, at, row } from './store-given.ts'
import { placeForEach } from './store-place.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'
import { type Program, buildChild } from './store-process.ts'

const Acknowledged = z.object({ actor: ActorRef, seq: z.int(), outcome: z.literal('committed') })
const Opened = z.object({ opened: z.int() })

let built: Program | null = null
beforeAll(async () => {
  built = await buildChild()
})
afterAll(async () => {
  await built?.remove()
})

function program(): Program {
  if (built === null) throw new Error('the child is built before the tests')
  return built
}

/** Lets a child append until it has said so many things, and kills it. */
async function appendUntilKilled(job: object, linesMin: number): Promise<Map<ActorRef, number>> {
  const child = program().start({ work: 'append', ...job })
  const acknowledged = new Map<ActorRef, number>()
  let lines = 0
  for await (const line of child.lines) {
    if (Opened.safeParse(line).success) continue
    const { actor, seq } = Acknowledged.parse(line)
    acknowledged.set(actor, seq)
    lines += 1
    if (lines === linesMin) child.kill()
  }
  expect(await child.ended).toBe('SIGKILL')
  return acknowledged
}

function crashContract(open: OpenPlace): void {
  const place = placeForEach(open)

  test('P3 P4 a process killed while it appends leaves all that it was told, and nothing half', async () => {
    await place().store.close()
    const acknowledged = new Map<ActorRef, number>()
    for (const [name, lines] of [
      ['x', 31],
      ['y', 100],
      ['z', 304],
    ] as const) {
      const job = { ...place().location, name }
      for (const one of await appendUntilKilled(job, lines)) acknowledged.set(...one)
    }
    const store = await place().reopen()
    await store.heal(({ actor, seq }) => {
      const name = actor.slice('counter/'.length)
      const each = { view: 'each', key: `${name}#${seq}`, keep: 'append', value: {} } as const
      return [row('latest', name, { seq }), each]
    })
    const postings = new Set(
      (await all((page) => store.viewRows('each', '', page))).map(({ key }) => key),
    )
    let entries = 0
    for (const [actor, seqTold] of acknowledged) {
      const history = await all((page) => store.history(actor, page))
      expect(history.length).toBeGreaterThanOrEqual(seqTold)
      expect(history.length).toBeLessThanOrEqual(seqTold + 1)
      const name = actor.slice('counter/'.length)
      for (const [place, entry] of history.entries()) {
        expect(entry).toMatchObject({ actor, seq: place + 1, changed: true })
        expect(entry.effects).toHaveLength(2)
        expect(postings.has(`${name}#${entry.seq}`)).toBe(true)
      }
      expect(await store.viewRow('latest', name)).toStrictEqual({ seq: history.length })
      entries += history.length
    }
    expect(acknowledged.size).toBe(9)
    expect(postings.size).toBe(entries)
    expect(await claimAll(store)).toBe(entries * 2)
  })
}

async function claimAll(store: Awaited<ReturnType<OpenPlace>>['store']): Promise<number> {
  let count = 0
  for (;;) {
    const claims = await store.claim(at(100_000), 500, 60_000)
    if (claims.length === 0) return count
    count += claims.length
  }
}

describe('the embedded store', () => {
  crashContract(embeddedPlace)
  const place = placeForEach(embeddedPlace)

  test('a second process is refused, and told who has the file and what to do', async () => {
    const child = program().start({ work: 'open', name: '', ...place().location })
    const lines: unknown[] = []
    for await (const line of child.lines) lines.push(line)
    expect(lines).toMatchObject([{ code: 'store_owned' }])
    expect(JSON.stringify(lines)).toContain(`pid ${process.pid}: stop that process first`)
  })

  test('a process moves its log into the file while it appends, and what it was told is there', async () => {
    const { path } = place().location
    await place().store.close()
    const before = statSync(path).size
    const acknowledged = await appendUntilKilled({ ...place().location, name: 'x' }, 750)
    // No commit does it: the log is far from the length at which one would.
    expect(statSync(`${path}-wal`).size).toBeLessThan(32_000_000)
    expect(statSync(path).size).toBeGreaterThan(before + 200_000)
    const store = await place().reopen()
    for (const [actor, seqTold] of acknowledged) {
      expect((await store.head(actor))?.seq).toBeGreaterThanOrEqual(seqTold)
    }
  })

  test('the ownership of a killed process is gone with it', async () => {
    await place().store.close()
    await appendUntilKilled({ ...place().location, name: 'x' }, 3)
    await expect((await place().reopen()).ping()).resolves.toBeUndefined()
  })
})

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  describe('the store in MongoDB', () => {
    crashContract(open)
    const place = placeForEach(open)

    test('P1 three processes that append to one actor leave no gap and lose nothing', async () => {
      const names = ['x', 'y', 'z']
      const said = await Promise.all(
        names.map(async (name) => {
          const child = program().start({ work: 'race', name, ...place().location })
          const lines: unknown[] = []
          for await (const line of child.lines) lines.push(line)
          return lines.slice(1)
        }),
      )
      const Won = z.object({ seq: z.int(), id: z.string() })
      const won = said.flat().map((line) => Won.parse(line))
      const history = await all((page) => place().store.history('counter/raced', page))
      expect(history.map(({ seq, envelope }) => ({ seq, id: envelope.id }))).toStrictEqual(
        won.sort((a, b) => a.seq - b.seq),
      )
      expect(history).toHaveLength(60)
    })
  })
}
