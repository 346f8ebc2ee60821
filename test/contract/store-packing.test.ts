import { Binary } from 'mongodb'
import { afterAll, describe, expect, test } from 'vitest'
import { type Bind, openDatabase } from '../../persistence/embedded/driver.ts'
import { mongoForTests } from '../mongo.ts'
import { type OpenPlace, type Place, actor, commit, line, other } from './store-given.ts'
import { placeForEach } from './store-place.ts'
import { embeddedPlace, inHome, mongoPlaces } from './store-places.ts'

// How each home keeps the long text of an event, seen behind the store's back.

const tale = '{\n  "once": "upon a time",\n  "happily": ["ever", "after"]\n}'.repeat(20)

interface Behind {
  /** The bytes of the text of `counter/one#2`, and the rest of the entry as people see it. */
  read(place: Place): Promise<{ readonly bytes: Uint8Array; readonly rest: unknown }>
  /** Puts others in their place. */
  write(place: Place, bytes: Uint8Array): Promise<void>
}

function packingContract(open: OpenPlace, behind: Behind): void {
  const place = placeForEach(open)
  const filled = async () => {
    await place().store.append([
      ...line(2, { event: { title: 'A tale', body: tale } }),
      commit({ actor: other, event: { body: tale } }),
    ])
  }

  test('a long text is kept in few bytes, and people read all beside it', async () => {
    await filled()
    const { bytes, rest } = await behind.read(place())
    expect(bytes.length).toBeLessThan(tale.length / 20)
    expect(rest).toMatchObject({ envelope: { event: { type: 'counted', title: 'A tale' } } })
    expect(JSON.stringify(rest)).not.toContain('happily')
  })

  test('P3 a packed text that was damaged is named by its entry, and the others are read', async () => {
    await filled()
    const { bytes } = await behind.read(place())
    const changed = (place: number) => bytes.map((byte, at) => (at === place ? byte ^ 1 : byte))
    const damaged = [changed(0), changed(8), changed(bytes.length - 1), bytes.subarray(0, -1)]
    for (const one of [...damaged, new Uint8Array(0)]) {
      await behind.write(place(), one)
      const { store } = place()
      for (const read of [
        () => store.head(actor),
        () => store.entry(actor, 2),
        () => store.history(actor, { cursor: null, limit: 9 }),
        () =>
          store.rebuild(
            () => [],
            () => {},
          ),
      ]) {
        await expect(read()).rejects.toMatchObject({
          code: 'document_unreadable',
          message: expect.stringMatching(
            /counter\/one#2 cannot be read.* Restore it from a backup/,
          ),
        })
      }
      expect((await store.entry(actor, 1))?.envelope.event['body']).toBe(tale)
      expect((await store.head(other))?.envelope.event['body']).toBe(tale)
    }
    await behind.write(place(), bytes)
    expect((await place().store.head(actor))?.envelope.event['body']).toBe(tale)
  })
}

const where = 'WHERE seq = 2 AND actor_id = (SELECT id FROM actors WHERE ref = ?)'

function changed(path: string, sql: string, binds: readonly Bind[]): void {
  const database = openDatabase(path)
  database.run(sql, binds)
  database.close()
}

describe('a long text in the embedded file', () => {
  packingContract(embeddedPlace, {
    async read({ location: { path } }) {
      const database = openDatabase(path)
      const row = database.get(`SELECT document, packed FROM entries ${where}`, [actor])
      database.close()
      const bytes = row?.['packed']
      if (!(bytes instanceof Uint8Array)) throw new Error('nothing is packed')
      return { bytes, rest: JSON.parse(String(row?.['document'])) }
    },
    async write({ location: { path } }, bytes) {
      changed(path, `UPDATE entries SET packed = ? ${where}`, [bytes, actor])
    },
  })

  const place = placeForEach(embeddedPlace)

  test.each`
    sql                                                                          | why
    ${`UPDATE entries SET packed = NULL ${where}`}                               | ${'its bytes are gone'}
    ${`UPDATE entries SET document = replace(document, 'packed', 'p') ${where}`} | ${'its place is'}
  `('P3 a packed text that is not whole is named: $why', async ({ sql }) => {
    const { store, location } = place()
    await store.append(line(2, { event: { body: tale } }))
    changed(location.path, sql, [actor])
    await expect(store.head(actor)).rejects.toMatchObject({ code: 'document_unreadable' })
    expect((await store.entry(actor, 1))?.envelope.event['body']).toBe(tale)
  })
})

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  const _id = `${actor}#2`
  describe('a long text in MongoDB', () =>
    packingContract(open, {
      async read({ location: { mongodbUri } }) {
        let event: unknown = null
        await inHome(mongodbUri ?? '', async ({ collections: { journal } }) => {
          event = (await journal.findOne({ _id }))?.envelope['event']
        })
        if (typeof event !== 'object' || event === null || !('body' in event)) {
          throw new Error('the entry has no body')
        }
        const { body, ...rest } = event
        if (!(body instanceof Binary)) throw new Error('nothing is packed')
        return { bytes: Uint8Array.from(body.value()), rest: { envelope: { event: rest } } }
      },
      async write({ location: { mongodbUri } }, bytes) {
        await inHome(mongodbUri ?? '', async ({ collections: { journal } }) => {
          const text = { 'envelope.event.body': new Binary(bytes) }
          await journal.updateOne({ _id }, { $set: text })
        })
      },
    }))
}
