import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../../actors/ports.ts'
import { defaultHttpLimits } from '../../../http/limits.ts'
import { commit, tracking } from '../../../test/contract/store-given.ts'
import { openApi, problemIn } from '../../../test/harness/api.ts'
import { openTcpProxy, type TcpProxy } from '../../../test/harness/tcp-proxy.ts'
import { until } from '../../../test/harness/until.ts'
import { inDatabase, mongoForTests } from '../../../test/mongo.ts'
import { plusMs } from '../../../values/instant.ts'
import { openStore } from '../../open.ts'

const mongo = await mongoForTests()

const works = (store: Store) =>
  store.ping().then(
    () => true,
    () => false,
  )

describe.skipIf(mongo === null)('a MongoDB behind a bad line', () => {
  const database = `tenure_test_outage_${randomUUID().slice(0, 8)}`
  const direct = inDatabase(mongo?.uri ?? 'mongodb://none', database)
  let proxy: TcpProxy
  let uri = ''

  beforeAll(async () => {
    // Indexes are made once, beside the bad line.
    await (await openStore({ mongodbUri: direct, path: '', dictionaries: [] })).store.close()
  })
  beforeEach(async () => {
    const { host } = new URL(direct.replace('mongodb:', 'http:'))
    const [name = '127.0.0.1', port = '27017'] = host.split(':')
    proxy = await openTcpProxy({ host: name, port: Number(port) })
    const quick =
      'directConnection=true&serverSelectionTimeoutMS=300&connectTimeoutMS=300' +
      '&socketTimeoutMS=400&waitQueueTimeoutMS=400&maxPoolSize=2&heartbeatFrequencyMS=500'
    uri = `mongodb://127.0.0.1:${proxy.port}/${database}?${quick}`
  })
  afterEach(() => proxy.close())
  afterAll(async () => {
    const client = new MongoClient(direct)
    await client.db(database).dropDatabase()
    await client.close()
  })

  /** Far more than the buffers of two sockets hold. */
  const large = () =>
    Array.from({ length: 24 }, (_, n) => {
      const one = commit({ actor: `counter/large-${randomUUID()}` })
      const event = { ...one.entry.envelope.event, filling: String(n % 10).repeat(1_000_000) }
      const envelope = { ...one.entry.envelope, event }
      return { ...one, entry: { ...one.entry, envelope } }
    })

  test('one that stops reading in large writes hangs nothing, and no connection is lost', async () => {
    const { store: bare } = await openStore({ mongodbUri: uri, path: '', dictionaries: [] })
    const store = tracking(bare, new Map())
    await store.ping()
    proxy.stall()
    // More than the pool has connections: each that stuck for ever would be missing afterwards.
    for (let n = 0; n < 3; n += 1) {
      await expect(store.append(large())).rejects.toMatchObject({ code: 'store_unavailable' })
    }
    proxy.come()
    await until(() => works(store))
    expect(await store.append([commit({ actor: 'counter/after' })])).toEqual([
      { outcome: 'committed' },
    ])
    await store.close()
  })

  test.each(['stall', 'leave'] as const)(
    'one that is away (%s) is answered 503 meanwhile, and all goes on when it is back',
    async (fails) => {
      const { store } = await openStore({ mongodbUri: uri, path: '', dictionaries: [] })
      const api = openApi({ store })
      const create = (key: string) =>
        api.ask('POST /v1/accounts', {
          body: { email: 'ada@example.com', name: 'Ada', currency: 'usd' },
          headers: { 'idempotency-key': `${fails} ${key}` },
        })
      expect((await create('before')).status).toBe(201)
      proxy[fails]()
      const meanwhile = await Promise.all(['one', 'two', 'three'].map(create))
      expect(meanwhile.map(problemIn)).toEqual(
        meanwhile.map(() => ({ status: 503, code: 'store_unavailable' })),
      )
      const ready = await api.ask('GET /readyz', { key: null })
      expect(ready.json['failing']).toEqual(['store'])
      proxy.come()
      await until(async () => (await api.ask('GET /readyz', { key: null })).status === 200)
      // A key that was begun without a word of it is taken for running until its lease is over.
      api.clock.advanceTo(plusMs(api.clock.now(), defaultHttpLimits.keyedRequestMs + 1))
      const again = await Promise.all(['one', 'two', 'three'].map(create))
      expect(again.map(({ status }) => status)).toEqual([201, 201, 201])
      expect((await api.ask('GET /metrics', { key: null })).text).toContain(
        'tenure_queue_depth{queue="commands"} 0',
      )
      await store.close()
    },
  )
})
