import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../persistence/embedded/driver.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { openStore } from '../../persistence/open.ts'
import { mongoForTests } from '../mongo.ts'
import { actor, at, commit, line, row } from './store-given.ts'
import { placeForEach } from './store-place.ts'
import { inHome, mongoPlaces } from './store-places.ts'

// What is particular to a home: how it opens, whom it turns away, and what it says of damaged data.

const minute = 60_000

describe('the embedded file', () => {
  let folder = ''
  let path = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-home-'))
    path = join(folder, 'deep', 'tenure.db')
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  test('a second open in one process is refused, under any name of the file', () => {
    const file = openFile(path)
    for (const name of [path, join(folder, 'deep', '..', 'deep', 'tenure.db')]) {
      expect(() => openFile(name)).toThrow(
        expect.objectContaining({
          code: 'store_owned',
          message: expect.stringContaining(`this process (pid ${process.pid})`),
        }),
      )
    }
    file.close()
    openFile(path).close()
  })

  test('closing leaves all in the one file, with an empty log', async () => {
    const store = createEmbeddedStore(openFile(path))
    await store.append(line(50))
    await store.close()
    const bare = openDatabase(path)
    expect(bare.get('SELECT count(*) AS n FROM entries')).toStrictEqual({ n: 50 })
    bare.close()
  })

  test('what was asked for before close is on the disk, and later calls say that it is closed', async () => {
    const store = createEmbeddedStore(openFile(path))
    const pending = store.append([commit()])
    await store.close()
    expect(await pending).toStrictEqual([{ outcome: 'committed' }])
    const again = createEmbeddedStore(openFile(path))
    expect((await again.head(actor))?.seq).toBe(1)
    await again.close()
  })

  test('one failing write of a group leaves the others alone', async () => {
    const store = createEmbeddedStore(openFile(path))
    const [good, bad, fine] = await Promise.allSettled([
      store.append([commit()]),
      store.beginRequest('a\0b', 'hash', at(0), minute),
      store.append([commit({ seq: 2 })]),
    ])
    expect(good.status).toBe('fulfilled')
    expect(bad.status).toBe('rejected')
    expect(fine).toMatchObject({ value: [{ outcome: 'committed' }] })
    await store.close()
  })

  test('a write that fails half-way is undone, and the others of its group are kept', async () => {
    const file = openFile(path)
    const store = createEmbeddedStore(file)
    await store.append(line(2, { effects: 1 }))
    file.database.run("UPDATE entries SET document = '{}' WHERE seq = 2")
    const [settled, appended] = await Promise.allSettled([
      store.settle([
        { id: `${actor}#1.1`, outcome: 'done' },
        { id: `${actor}#2.1`, outcome: 'parked', at: at(5), error: 'bad' },
      ]),
      store.append([commit({ actor: 'counter/fine' })]),
    ])
    expect(settled).toMatchObject({ reason: { code: 'document_unreadable' } })
    expect(appended).toMatchObject({ value: [{ outcome: 'committed' }] })
    expect(await store.claim(at(1), 1, minute)).toMatchObject([{ effect: { id: `${actor}#1.1` } }])
    await store.close()
  })

  test('a file of a newer release is refused', async () => {
    await (await openStore({ mongodbUri: null, path })).store.close()
    const bare = openDatabase(path)
    bare.exec('PRAGMA user_version = 99')
    bare.close()
    await expect(openStore({ mongodbUri: null, path })).rejects.toMatchObject({
      code: 'store_format_unknown',
      message: expect.stringContaining('99'),
    })
  })

  test('a file of an older release learns which effects are our own work', async () => {
    const before = createEmbeddedStore(openFile(path))
    await before.append([
      commit({ effects: 1, provider: 'stripe' }),
      commit({ actor: 'counter/own', effects: 2 }),
    ])
    await before.close()
    const bare = openDatabase(path)
    bare.exec('DROP INDEX effects_own')
    bare.exec('ALTER TABLE effects DROP COLUMN lane')
    bare.exec('PRAGMA user_version = 1')
    bare.close()
    const store = createEmbeddedStore(openFile(path))
    const own = await store.claim(at(9), 9, minute, 'own')
    expect(own.map(({ actor: ref }) => ref)).toStrictEqual(['counter/own', 'counter/own'])
    expect(await store.claim(at(9), 9, minute)).toHaveLength(1)
    await store.close()
  })

  test('an entry that cannot be read is named, and the others are read', async () => {
    const file = openFile(path)
    const store = createEmbeddedStore(file)
    await store.append([...line(2), commit({ actor: 'counter/fine' })])
    for (const damaged of ['{', '{}', '[]', 'null', '{"actor":"counter/one","seq":2}']) {
      file.database.run('UPDATE entries SET document = ? WHERE actor = ? AND seq = 2', [
        damaged,
        actor,
      ])
      await expect(store.head(actor)).rejects.toMatchObject({
        code: 'document_unreadable',
        message: expect.stringContaining(`${actor}#2`),
      })
    }
    expect((await store.entry(actor, 1))?.seq).toBe(1)
    expect((await store.head('counter/fine'))?.seq).toBe(1)
    await store.close()
  })

  test('a store in memory needs no file', async () => {
    const { store } = await openStore({ mongodbUri: null, path: ':memory:' })
    await store.append([commit()])
    expect((await store.head(actor))?.seq).toBe(1)
    await store.close()
  })
})

test('a MongoDB that does not answer is an unavailable store', async () => {
  const mongodbUri = 'mongodb://127.0.0.1:9/none?serverSelectionTimeoutMS=200'
  await expect(openStore({ mongodbUri, path: '' })).rejects.toMatchObject({
    code: 'store_unavailable',
  })
})

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  describe('MongoDB', () => {
    const place = placeForEach(open)
    const behind = (work: Parameters<typeof inHome>[1]) =>
      inHome(place().location.mongodbUri ?? '', work)

    test('P6 a process whose claim ran out cannot end the claim of the one that took over', async () => {
      const { store: slow } = place()
      const quick = await place().peer()
      await slow.append([commit({ effects: 1 })])
      const [old] = await slow.claim(at(10), 1, minute)
      const [taken] = await quick.claim(at(100), 1, minute)
      if (!old || !taken) throw new Error('both were to claim it')
      const { id } = old.effect
      const late = { tries: 1, attempt: 9, firstTriedAt: null, error: 'late' }
      await slow.settle([{ id, outcome: 'retry', at: at(101), ...late }])
      await slow.settle([{ id, outcome: 'parked', at: at(101), error: 'late' }])
      expect(await slow.claim(at(159), 1, minute)).toStrictEqual([])
      expect(await slow.parkedItem(id)).toBeNull()
      await quick.settle([{ id, outcome: 'retry', at: at(120), ...late, attempt: 2 }])
      expect(await slow.claim(at(120), 1, minute)).toMatchObject([{ attempt: 2 }])
    })

    test('P8 an entry that was overtaken brings no vanished row back, however late it is applied', async () => {
      const { store, half } = place()
      if (!half) throw new Error('MongoDB has a gap between an entry and its rows')
      const rows = ({ seq }: { seq: number }) => (seq === 2 ? [row('list', 'old', {})] : [])
      await store.append([commit()])
      await half({ entry: commit({ seq: 2 }).entry, rows: [row('list', 'old', {})] })
      await store.append([commit({ seq: 3 })])
      await behind(async ({ collections }) => {
        // The tombstone's time is over.
        await collections.rows.deleteMany({ goneAt: { $exists: true } })
      })
      expect(await store.heal(rows)).toBe(1)
      expect(await store.viewRow('list', 'old')).toBeNull()
    })

    test('a database of a newer release is refused', async () => {
      await behind(async ({ collections }) => {
        await collections.counters.updateOne({ _id: 'format' }, { $set: { value: 99 } })
      })
      await expect(openStore(place().location)).rejects.toMatchObject({
        code: 'store_format_unknown',
      })
      await behindAnyFormat(place().location.mongodbUri ?? '')
    })

    test('an entry that cannot be read is named', async () => {
      const { store } = place()
      await store.append(line(2))
      await behind(async ({ collections }) => {
        await collections.journal.updateOne({ _id: `${actor}#2` }, { $set: { entry: '{}' } })
      })
      await expect(store.head(actor)).rejects.toMatchObject({
        code: 'document_unreadable',
        message: expect.stringContaining(`${actor}#2`),
      })
      expect((await store.entry(actor, 1))?.seq).toBe(1)
    })
  })
}

/** Brings the format back, which the store itself refuses to open. */
async function behindAnyFormat(uri: string): Promise<void> {
  const client = new MongoClient(uri)
  await client.db().collection('counters').deleteMany({})
  await client.close()
}
