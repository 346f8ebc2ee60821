import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import type { Store } from '../../actors/ports.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { connectMongo } from '../../persistence/mongo/connect.ts'
import { openStore } from '../../persistence/open.ts'
import { inDatabase, mongoForTests } from '../mongo.ts'
import { createDraw } from './draw.ts'
import { comesToRest, faultsAtTheEnd } from './ending.ts'
import { hashOf, journalLines, readJournal } from './journals.ts'
import { play, type Story } from './story.ts'
import { openSimulation, type Simulation } from './system.ts'

// Months of a few customers' lives, lived through under everything that can go wrong, drawn from a
// seed.
//
//   SEED=17 npx vitest run test/simulation          lives one run again (several: SEED=17,23)
// SEEDS=1000 npx vitest run test/simulation       lives the runs 1 to 1000 (FROM=500 begins later)

const runMs = 120_000

const story =
  'A9 A10 A11 M1 M2 M3 M5 M6 of seed %s: however often processes die, the store fails, webhooks are lost, the provider is away, a performer has a bug and the next release comes, the end is right'

/** Where one system's processes keep their state. */
interface Home {
  readonly stores: () => Promise<Store>
  /** How much is lived: a round trip to a server costs more than one to a file. */
  readonly story: Pick<Story, 'customers' | 'days'>
}

function seedsToRun(short: number): string[] {
  const { SEED, SEEDS, FROM } = process.env
  if (SEED) return SEED.split(',')
  const from = Number(FROM ?? 1)
  return Array.from({ length: Number(SEEDS ?? short) }, (_, n) => String(from + n))
}

/** One file has one owner: its processes are runtimes of their own over one store. */
function embeddedHome(): Home {
  const store = createEmbeddedStore(openFile(':memory:'))
  return { stores: async () => store, story: { customers: 3, days: 75 } }
}

async function live(seed: string, home: Home, reconciles: boolean): Promise<Simulation> {
  const draw = createDraw(seed, 'kind')
  const processes = draw.happens(0.5) ? 2 : 1
  const system = await openSimulation({ seed, stores: home.stores, processes })
  system.storm()
  await play(system, { ...home.story, reconciles })
  await comesToRest(system)
  return system
}

async function expectAllIsWell(seed: string, home: Home): Promise<void> {
  const system = await live(seed, home, createDraw(seed, 'job').happens(0.3))
  const faults = await faultsAtTheEnd(system)
  await system.close()
  const command = `SEED=${seed} npx vitest run test/simulation`
  expect(faults, `replay it with: ${command}\n${faults.join('\n')}`).toEqual([])
}

describe('a run on the embedded store', () => {
  test.each(seedsToRun(10))(story, (seed) => expectAllIsWell(seed, embeddedHome()), runMs)

  // Without the reconciliation's job, whose own envelopes are the one thing that bears random ids.
  test.each(seedsToRun(1).slice(0, 20))(
    'A2 of seed %s: lived again, it leaves the same journal',
    async (seed) => {
      const systems = [
        await live(seed, embeddedHome(), false),
        await live(seed, embeddedHome(), false),
      ]
      const journals = await Promise.all(systems.map(({ store }) => readJournal(store)))
      for (const system of systems) await system.close()
      const [first = [], second = []] = journals.map(journalLines)
      expect(first.find((line, index) => line !== second[index])).toBeUndefined()
      expect(hashOf(first)).toBe(hashOf(second))
    },
    runMs,
  )
})

const mongo = await mongoForTests()
if (mongo !== null) {
  const uri = inDatabase(mongo.uri, `tenure_simulation_${randomUUID().slice(0, 8)}`)

  async function empty(): Promise<void> {
    const home = await connectMongo(uri)
    for (const collection of await home.db.collections()) await collection.deleteMany({})
    await home.client.close()
  }

  afterAll(async () => {
    const home = await connectMongo(uri)
    await home.db.dropDatabase()
    await home.client.close()
  })

  describe('a run on MongoDB', () => {
    test.each(seedsToRun(2))(
      story,
      async (seed) => {
        await empty()
        const stores = async () =>
          (await openStore({ mongodbUri: uri, path: '', dictionaries: [] })).store
        await expectAllIsWell(seed, { stores, story: { customers: 2, days: 25 } })
      },
      2 * runMs,
    )
  })
}
