import { expect, test } from 'vitest'
import { noOf, openWorld } from '../testing/world.ts'

const down = () => Promise.reject(new Error('down'))

test('200: a process that is up says so, whatever else is broken', async () => {
  const world = openWorld({ scheduler: { ready: down } })
  await world.store.close()
  expect((await world.ask('GET /healthz', { key: null })).json).toEqual({ status: 'ok' })
})

test('200: a process that can work says so', async () => {
  const answer = await openWorld().ask('GET /readyz', { key: null })
  expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }])
})

test('503: what is failing is named', async () => {
  const world = openWorld({ scheduler: { ready: down } })
  const one = await world.ask('GET /readyz', { key: null })
  expect(noOf(one)).toEqual({ status: 503, code: 'not_ready' })
  expect(one.json['failing']).toEqual(['scheduler'])
  await world.store.close()
  const both = await world.ask('GET /readyz', { key: null })
  expect(both.json['failing']).toEqual(['store', 'scheduler'])
})

test('503: a closed store is answered as one that does not answer', async () => {
  const world = openWorld()
  await world.store.close()
  const answer = await world.ask('GET /v1/accounts')
  expect(noOf(answer)).toEqual({ status: 503, code: 'store_unavailable' })
})
