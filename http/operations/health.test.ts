import { expect, test } from 'vitest'
import { openApi, problemIn } from '../../test/harness/api.ts'

const down = () => Promise.reject(new Error('down'))

test('200: a process that is up says so, whatever else is broken', async () => {
  const api = openApi({ scheduler: { ready: down } })
  await api.store.close()
  expect((await api.ask('GET /healthz', { key: null })).json).toEqual({ status: 'ok' })
})

test('200: a process that can work says so', async () => {
  const answer = await openApi().ask('GET /readyz', { key: null })
  expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }])
})

test('503: what is failing is named', async () => {
  const api = openApi({ scheduler: { ready: down } })
  const one = await api.ask('GET /readyz', { key: null })
  expect(problemIn(one)).toEqual({ status: 503, code: 'not_ready' })
  expect(one.json['failing']).toEqual(['scheduler'])
  await api.store.close()
  const both = await api.ask('GET /readyz', { key: null })
  expect(both.json['failing']).toEqual(['store', 'scheduler'])
})

test('503: a closed store is answered as one that does not answer', async () => {
  const api = openApi()
  await api.store.close()
  const answer = await api.ask('GET /v1/accounts')
  expect(problemIn(answer)).toEqual({ status: 503, code: 'store_unavailable' })
})
