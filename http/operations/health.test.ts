import { expect, test, vi } from 'vitest'
import { StoreDamaged } from '../../actors/store-damaged.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { openApi, problemIn } from '../../test/harness/api.ts'
import { JobsLate } from './checks.ts'

const down = () => Promise.reject(new Error('down'))

test('200: a process that is up says so, whatever else is broken', async () => {
  const api = openApi({ scheduler: { ready: down } })
  await api.store.close()
  expect((await api.ask('GET /healthz', { key: null })).json).toEqual({ status: 'ok' })
})

test('200: a process that can work says so', async () => {
  const answer = await openApi().ask('GET /readyz', { key: null })
  const ok = { state: 'ok', code: null, detail: null, remedy: null }
  const checks = ['store', 'scheduler', 'provider'].map((name) => ({ name, ...ok }))
  expect([answer.status, answer.json]).toEqual([200, { status: 'ok', checks }])
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

test('503: each check has its name, its state, and what to do', async () => {
  const late = () => Promise.reject(new JobsLate(['timers']))
  const answer = await openApi({ scheduler: { ready: late } }).ask('GET /readyz', { key: null })
  expect(answer.json['checks']).toEqual([
    { name: 'store', state: 'ok', code: null, detail: null, remedy: null },
    {
      name: 'scheduler',
      state: 'failing',
      code: null,
      detail: 'No sign of these jobs for longer than they may be silent: timers.',
      remedy: expect.stringContaining('job.failed'),
    },
    { name: 'provider', state: 'ok', code: null, detail: null, remedy: null },
  ])
})

test('200: what waits for the provider’s key is told by a code that stays, and webhooks go on', async () => {
  const access = { trouble: () => ({ code: 'stripe_key_refused' }) }
  const answer = await openApi({ access }).ask('GET /readyz', { key: null })
  expect(answer.status).toBe(200)
  expect(answer.json['checks']).toMatchObject([
    {},
    {},
    { name: 'provider', state: 'degraded', code: 'stripe_key_refused' },
  ])
})

test('503: a damaged store says what to restore, and not where it lies', async () => {
  const store = createEmbeddedStore(openFile(':memory:'))
  const ping = () => Promise.reject(new StoreDamaged('/var/tenure.db is damaged'))
  const answer = await openApi({ store: { ...store, ping } }).ask('GET /readyz', { key: null })
  expect(problemIn(answer)).toEqual({ status: 503, code: 'not_ready' })
  expect(answer.text).toContain('put the newest backup in its place')
  expect(answer.text).not.toContain('/var')
})

test('503: what a damaged store is asked for says so under a code of its own', async () => {
  const store = createEmbeddedStore(openFile(':memory:'))
  const head = () => Promise.reject(new StoreDamaged('/var/tenure.db is damaged'))
  const answer = await openApi({ store: { ...store, head } }).ask('GET /v1/accounts/acct_1')
  expect(problemIn(answer)).toEqual({ status: 503, code: 'store_damaged' })
  expect(answer.text).not.toContain('/var')
})

test('503: a check that hangs is failing within seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const hang = () => new Promise<never>(() => {})
  const asking = openApi({ scheduler: { ready: hang } }).ask('GET /readyz', { key: null })
  await vi.advanceTimersByTimeAsync(5_000)
  expect((await asking).json['failing']).toEqual(['scheduler'])
  vi.useRealTimers()
})

test('503: a closed store is answered as one that does not answer', async () => {
  const api = openApi()
  await api.store.close()
  const answer = await api.ask('GET /v1/accounts')
  expect(problemIn(answer)).toEqual({ status: 503, code: 'store_unavailable' })
})
