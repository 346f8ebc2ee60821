import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, describe, expect, test } from 'vitest'
import { inDatabase, mongoForTests } from '../test/mongo.ts'
import type { StoreIdentity } from './identity.ts'
import { openStore, type StoreLocation } from './open.ts'

const mongo = await mongoForTests()
const folder = mkdtempSync(join(tmpdir(), 'tenure-identity-'))
const databases: string[] = []

function fresh(home: string): StoreLocation {
  const name = `tenure_test_identity_${randomUUID().slice(0, 8)}`
  if (home === 'embedded') return { mongodbUri: null, path: join(folder, name), dictionaries: [] }
  databases.push(name)
  return { mongodbUri: inDatabase(mongo?.uri ?? '', name), path: '', dictionaries: [] }
}

afterAll(async () => {
  rmSync(folder, { recursive: true })
  if (mongo === null) return
  const client = new MongoClient(mongo.uri)
  for (const name of databases) await client.db(name).dropDatabase()
  await client.close()
})

const test_: StoreIdentity = { provider: 'stripe', mode: 'test', account: 'acct_1' }
const live: StoreIdentity = { ...test_, mode: 'live' }
const sandbox: StoreIdentity = { ...test_, mode: 'sandbox', account: 'seed-1' }

const homes = ['embedded', ...(mongo === null ? [] : ['MongoDB'])]

describe.each(homes)('a store in %s', (home) => {
  /** Opens, claims and closes, as one process after the other. */
  async function openedAs(location: StoreLocation, ...all: StoreIdentity[]): Promise<void> {
    for (const asked of all) {
      const opened = await openStore(location)
      try {
        await opened.belongTo(asked)
      } finally {
        await opened.store.close()
      }
    }
  }

  test.each`
    first      | then                               | why
    ${test_}   | ${live}                            | ${'live keys over a test store'}
    ${live}    | ${test_}                           | ${'test keys over a live store'}
    ${sandbox} | ${test_}                           | ${'a real provider over a sandbox'}
    ${sandbox} | ${{ ...sandbox, account: 'seed' }} | ${'another sandbox'}
    ${test_}   | ${{ ...test_, account: 'acct_2' }} | ${'another account'}
  `('P10 opens for nobody else: $why', async ({ first, then }) => {
    const location = fresh(home)
    await openedAs(location, first, first)
    await expect(openedAs(location, then)).rejects.toMatchObject({
      code: 'store_of_another',
      message: expect.stringMatching(/belongs to .*: set the keys .* or give the other a store/),
    })
    await openedAs(location, first)
  })

  test('P10 an account that is learned later is kept', async () => {
    const location = fresh(home)
    const unknown = { ...test_, account: null }
    await openedAs(location, unknown, test_, unknown)
    await expect(openedAs(location, { ...test_, account: 'acct_2' })).rejects.toMatchObject({
      code: 'store_of_another',
    })
  })
})
