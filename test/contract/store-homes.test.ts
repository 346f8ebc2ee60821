import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../persistence/embedded/driver.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { connectMongo } from '../../persistence/mongo/connect.ts'
import { createMongoStore } from '../../persistence/mongo/store.ts'
import { createTransfer } from '../../persistence/mongo/transfer.ts'
import { openStore } from '../../persistence/open.ts'
import { effectId } from '../../values/ids.ts'
import { mongoForTests } from '../mongo.ts'
import { actor, at, commit, line, other, outcomes, row, timer, tracking } from './store-given.ts'
import { placeForEach } from './store-place.ts'
import { inHome, mongoPlaces } from './store-places.ts'

// What is particular to a home: how it opens, which files and processes it refuses, and what it
// says of damaged data.

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
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
    await store.append(line(50))
    await store.close()
    const bare = openDatabase(path)
    expect(bare.get('SELECT count(*) AS n FROM entries')).toStrictEqual({ n: 50 })
    bare.close()
  })

  test('what was asked for before close is on the disk, and later calls say that it is closed', async () => {
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
    const pending = store.append([commit()])
    await store.close()
    expect(await pending).toStrictEqual([{ outcome: 'committed' }])
    const again = tracking(createEmbeddedStore(openFile(path)), new Map())
    expect((await again.head(actor))?.seq).toBe(1)
    await again.close()
  })

  test('one failing write of a group leaves the others alone', async () => {
    const store = tracking(createEmbeddedStore(openFile(path)), new Map())
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
    const store = tracking(createEmbeddedStore(file), new Map())
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
    await (await openStore({ mongodbUri: null, path, dictionaries: [] })).store.close()
    const bare = openDatabase(path)
    bare.exec('PRAGMA user_version = 99')
    bare.close()
    await expect(openStore({ mongodbUri: null, path, dictionaries: [] })).rejects.toMatchObject({
      code: 'store_format_unknown',
      message: expect.stringContaining('99'),
    })
  })

  test('a file of a format that is not read any more is refused, with what to do', async () => {
    await (await openStore({ mongodbUri: null, path, dictionaries: [] })).store.close()
    const bare = openDatabase(path)
    bare.exec('PRAGMA user_version = 2')
    bare.close()
    await expect(openStore({ mongodbUri: null, path, dictionaries: [] })).rejects.toMatchObject({
      code: 'store_format_unknown',
      message: expect.stringMatching(/format 2 .* run the release that wrote it/),
    })
  })

  test('P6 what a process held is claimable at once by the next, with its tries', async () => {
    const before = tracking(createEmbeddedStore(openFile(path)), new Map())
    await before.append([commit({ effects: 2, at: at(1) })], { now: at(2), endsAt: at(500) })
    const [id, other] = [`${actor}#1.1`, `${actor}#1.2`] as const
    const next = { tries: 3, attempt: 1, firstTriedAt: at(2), error: 'no' }
    await before.settle([{ id: other, outcome: 'retry', at: at(300), ...next }])
    expect(await before.claim(at(299), 9, minute)).toStrictEqual([])
    await before.close()
    const store = createEmbeddedStore(openFile(path))
    expect(await store.nextClaimAt()).toBe(at(1))
    expect(await store.claim(at(299), 9, minute)).toMatchObject([
      { effect: { id }, tries: 1, firstTriedAt: at(2) },
    ])
    await store.close()
  })

  test('an entry that cannot be read is named, and the others are read', async () => {
    const file = openFile(path)
    const store = tracking(createEmbeddedStore(file), new Map())
    await store.append([...line(2), commit({ actor: 'counter/fine' })])
    for (const damaged of ['{', '{}', '[]', 'null', '{"actor":"counter/one","seq":2}']) {
      file.database.run(
        `UPDATE entries SET document = ?
         WHERE actor_id = (SELECT id FROM actors WHERE ref = ?) AND seq = 2`,
        [damaged, actor],
      )
      await expect(store.head(actor)).rejects.toMatchObject({
        code: 'document_unreadable',
        message: expect.stringContaining(`${actor}#2`),
      })
    }
    expect((await store.entry(actor, 1))?.seq).toBe(1)
    expect((await store.head('counter/fine'))?.seq).toBe(1)
    await store.close()
  })

  test('an entry that lacks one that it builds on is named, and not read as something else', async () => {
    const file = openFile(path)
    const store = tracking(createEmbeddedStore(file), new Map())
    await store.append(line(4))
    file.database.run('DELETE FROM entries WHERE seq = 2')
    for (const read of [
      () => store.head(actor),
      () => store.entry(actor, 3),
      () => store.history(actor, { cursor: null, limit: 9 }),
      () =>
        store.rebuild(
          () => [],
          () => {},
        ),
    ]) {
      await expect(read()).rejects.toMatchObject({
        code: 'document_unreadable',
        message: expect.stringContaining(`${actor}#3`),
      })
    }
    await store.close()
  })

  test('what its columns say does not stand in an entry again', async () => {
    const file = openFile(path)
    const store = tracking(createEmbeddedStore(file), new Map())
    const [one, two] = line(2, { effects: 1 })
    if (!one || !two) throw new Error('two commits')
    const late = { ...two.entry.envelope, to: other, receivedAt: at(9) }
    const effects = two.entry.effects.map((effect) => ({ ...effect, id: effectId(actor, 2, 7) }))
    const entry = { ...two.entry, envelope: late, effects }
    await store.append([one, { entry, rows: [] }])
    const documents = file.database.all('SELECT document FROM entries ORDER BY seq')
    const { id: _id, to: _to, receivedAt: _receivedAt, ...envelope } = one.entry.envelope
    expect(documents.map(({ document }) => JSON.parse(String(document)))).toStrictEqual(
      [
        { envelope, snapshot: one.entry.snapshot, effects: [{ kind: 'remote', amount: 10 }] },
        {
          envelope: { ...envelope, ...late, id: undefined },
          change: { state: { set: { context: { count: 2 } } } },
          effects,
        },
      ].map((document) => JSON.parse(JSON.stringify(document))),
    )
    expect(await store.entry(actor, 1)).toStrictEqual(one.entry)
    expect(await store.head(actor)).toStrictEqual(entry)
    await store.close()
  })

  test('a store in memory needs no file', async () => {
    const opened = await openStore({ mongodbUri: null, path: ':memory:', dictionaries: [] })
    const store = tracking(opened.store, new Map())
    await store.append([commit()])
    expect((await store.head(actor))?.seq).toBe(1)
    await store.close()
  })
})

test('a MongoDB that does not answer is an unavailable store', async () => {
  const mongodbUri = 'mongodb://127.0.0.1:9/none?serverSelectionTimeoutMS=200'
  await expect(openStore({ mongodbUri, path: '', dictionaries: [] })).rejects.toMatchObject({
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

    test('A8 a fence that a crash left behind holds nobody back', async () => {
      const { store } = place()
      await store.append([commit()])
      await behind(async ({ collections }) => {
        await collections.fences.insertOne({ _id: `${actor}#2`, actor, seq: 0 })
      })
      expect(await outcomes(store, [commit({ seq: 2 })])).toStrictEqual(['conflict'])
      expect(await outcomes(store, [commit({ seq: 2 })])).toStrictEqual(['committed'])
    })

    test('A8 a copy and a rebuild know nothing of fences', async () => {
      const { store } = place()
      await store.append([commit({ rows: [row('list', 'a', {})] })])
      const { envelope } = commit({ seq: 2 }).entry
      const item = {
        kind: 'envelope',
        actor,
        error: 'threw',
        parkedAt: at(1),
        effect: null,
      } as const
      await store.park({ ...item, id: `${actor}!${envelope.id}`, envelope })
      await store.rebuild(
        () => [row('list', 'a', {})],
        () => {},
      )
      expect(await store.viewRow('list', 'a')).toStrictEqual({})
      await behind(async ({ collections }) => {
        const seqs: number[] = []
        for await (const records of createTransfer(collections).readEntries()) {
          seqs.push(...records.map(({ entry }) => entry.seq))
        }
        expect(seqs).toStrictEqual([1])
      })
    })

    test('P9 a rebuild drops timers and rows that follow from no entry', async () => {
      const { store } = place()
      await store.append([commit({ timers: [timer('t', 50)] })])
      await behind(async ({ collections: { timers, rows } }) => {
        const timersOfNone = { seq: 9, timers: [timer('x', 5)], dueAt: at(5) }
        await timers.insertOne({ _id: 'counter/none', ...timersOfNone })
        await timers.updateOne({ _id: actor }, { $set: { ...timersOfNone } })
        await rows.insertOne({ _id: 'list/k', actor, seq: 9, latest: true, value: {} })
      })
      await store.rebuild(
        () => [],
        () => {},
      )
      expect(await store.dueTimers(at(999), 9)).toStrictEqual([{ actor, ...timer('t', 50) }])
      expect(await store.viewRow('list', 'k')).toBeNull()
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
        await collections.journal.updateOne({ _id: `${actor}#2` }, { $unset: { change: '' } })
      })
      await expect(store.head(actor)).rejects.toMatchObject({
        code: 'document_unreadable',
        message: expect.stringContaining(`${actor}#2`),
      })
      expect((await store.entry(actor, 1))?.seq).toBe(1)
    })

    test('an entry that lacks one that it builds on is named, and not read as something else', async () => {
      const { store } = place()
      await store.append(line(4))
      await behind(async ({ collections }) => {
        await collections.journal.deleteOne({ _id: `${actor}#2` })
      })
      for (const read of [
        () => store.head(actor),
        () => store.entry(actor, 3),
        () => store.entryAt(actor, at(3)),
        () => store.history(actor, { cursor: null, limit: 9 }),
      ]) {
        await expect(read()).rejects.toMatchObject({
          code: 'document_unreadable',
          message: expect.stringContaining(`${actor}#3`),
        })
      }
    })

    test('people read what is stored as it is, and query it', async () => {
      const { store } = place()
      await store.append([
        commit({ event: { invoice: 'in_1', 'a.b': { $set: 1 } }, effects: 1 }),
        commit({ seq: 2, effects: 1, rows: [row('list', 'k', { n: { deep: 1 } })] }),
      ])
      await store.settle([{ id: `${actor}#2.1`, outcome: 'done', result: { told: 'all' } }])
      await behind(async ({ collections: { journal, rows } }) => {
        const [first, second] = await journal.find().sort({ seq: 1 }).toArray()
        expect(first).toMatchObject({
          _id: `${actor}#1`,
          opens: 'counter',
          envelope: { event: { invoice: 'in_1', 'a%2Eb': { '%24set': 1 } } },
          snapshot: { chart: 'counter', state: { context: { count: 1 } } },
          effects: [{ id: `${actor}#1.1`, kind: 'remote' }],
          delivery: { open: [{ id: `${actor}#1.1`, at: at(1) }] },
        })
        expect(second).toMatchObject({
          change: { state: { set: { context: { count: 2 } } } },
          delivery: { open: [], results: [{ result: { told: 'all' } }] },
        })
        expect(second).not.toHaveProperty('snapshot')
        expect(await journal.countDocuments({ 'envelope.event.invoice': 'in_1' })).toBe(1)
        expect(await rows.countDocuments({ 'value.n.deep': 1 })).toBe(1)
      })
    })

    test('an ordinary entry is one write, and so is the settlement of many', async () => {
      const uri = new URL(place().location.mongodbUri ?? '')
      uri.searchParams.set('monitorCommands', 'true')
      const home = await connectMongo(uri.href)
      const store = tracking(createMongoStore(home), new Map())
      const commands: string[] = []
      home.client.on('commandStarted', ({ commandName, command }) => {
        commands.push(`${commandName} ${command[commandName]}`)
      })
      const said = () => commands.splice(0)
      const lease = { now: at(1), endsAt: at(60) }
      const entry = (seq: number, n: number) =>
        commit({ seq, effects: 1, rows: [row('list', 'k', { n })], timers: [timer('t', 99)] })
      await store.append([entry(1, 1)], lease)
      expect(said().sort()).toStrictEqual(['insert journal', 'insert timers', 'insert view_rows'])
      await store.append([commit({ actor: other, effects: 1 })], lease)
      await store.append([entry(2, 1), entry(3, 1)], lease)
      expect(said()).toStrictEqual(['insert journal', 'insert journal'])
      await store.append([entry(4, 2)], lease)
      expect(said()).toStrictEqual(['insert journal', 'update view_rows'])
      await store.settle(
        ([`${actor}#2.1`, `${other}#1.1`, `${actor}#4.1`] as const).map(
          (id) => ({ id, outcome: 'done' }) as const,
        ),
      )
      expect(said()).toStrictEqual(['update journal'])
      await store.append([commit({ actor: 'counter/late', effects: 1 })])
      await store.claim(at(9), 1, minute)
      said()
      await store.settle([{ id: 'counter/late#1.1', outcome: 'done' }])
      expect(said()).toStrictEqual(['update journal'])
      const result = { said: 'late' }
      await store.settle([{ id: 'counter/late#1.1', outcome: 'done', result }])
      expect(said()).toStrictEqual(['find journal'])
      await store.head(actor)
      await store.newestSeqs([actor, other])
      expect(said()).toStrictEqual(['find journal', 'aggregate journal'])
      await store.close()
    })
  })
}

/** Brings the format back, which the store itself refuses to open. */
async function behindAnyFormat(uri: string): Promise<void> {
  const client = new MongoClient(uri)
  await client.db().collection('counters').deleteMany({})
  await client.close()
}
