import { describe, expect, test } from 'vitest'
import type { Performer } from '../../actors/delivery/performer.ts'
import { openApi, problemIn, type TestApi } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveAccount } from '../../test/harness/provider-says.ts'
import { quickProvider } from '../../test/harness/quick-provider.ts'

const admin = { key: keyOf.admin, headers: { 'x-operator': 'maria' } }

/** A provider that cannot make customers until it is mended. */
function breakable(): { performer: Performer; mend: () => void } {
  const quick = quickProvider()
  let isBroken = true
  const performer: Performer = {
    provider: quick.provider,
    kinds: quick.kinds,
    perform: (claimed, now) =>
      isBroken && claimed.effect.kind === 'customer.create'
        ? Promise.reject(new Error('the secret key lacks the permission "customers"'))
        : quick.perform(claimed, now),
  }
  return {
    performer,
    mend: () => {
      isBroken = false
    },
  }
}

async function parkedIds(api: TestApi): Promise<string[]> {
  const { items } = await api.store.parked({ cursor: null, limit: 10 })
  return items.map(({ id }) => id)
}

test('200: what failed for good is listed with why', async () => {
  const api = openApi(breakable())
  await haveAccount(api)
  const { json } = await api.ask('GET /admin/parked', admin)
  expect(json).toMatchObject({
    object: 'list',
    data: [
      {
        kind: 'effect',
        actor: 'account/acct_own',
        error: expect.stringContaining('lacks the permission'),
        effect: { kind: 'customer.create' },
      },
    ],
  })
})

test('202: an effect that is retried after its cause was mended is performed', async () => {
  const { performer, mend } = breakable()
  const api = openApi({ performer })
  await haveAccount(api)
  const [id = ''] = await parkedIds(api)
  expect(id).toMatch(/^account\/acct_own#1\.\d+$/)
  mend()
  const answer = await api.ask(`POST /admin/parked/${encodeURIComponent(id)}/retry`, admin)
  expect(answer.status).toBe(202)
  expect(answer.json).toEqual({
    object: 'parked_retry',
    id,
    outcome: 'retrying',
    waits_for: null,
  })
  await api.runtime.idle()
  expect(await parkedIds(api)).toEqual([])
  const account = await api.ask('GET /admin/actors/account/acct_own', admin)
  expect(account.json).toMatchObject({ context: { customers: { stripe: { facts: {} } } } })
  expect(api.lines).toContainEqual(
    expect.objectContaining({
      event: 'parked.retried',
      fields: {
        parked: id,
        kind: 'effect',
        actor: 'account/acct_own',
        by: 'operator:maria',
        correlationId: (await api.runtime.entry('account/acct_own', 1))?.envelope.correlationId,
      },
    }),
  )
})

test('200: what failed again after a retry says who asked for that, and when', async () => {
  const api = openApi(breakable())
  await haveAccount(api)
  const first = await api.ask('GET /admin/parked', admin)
  expect(first.json).toMatchObject({ data: [{ retried: null }] })
  const [id = ''] = await parkedIds(api)
  const at = api.clock.now()
  await api.ask(`POST /admin/parked/${encodeURIComponent(id)}/retry`, admin)
  await api.runtime.idle()
  const retried = { times: 1, at, by: 'operator:maria' }
  const { json } = await api.ask('GET /admin/parked', admin)
  expect(json).toMatchObject({ data: [{ id, retried }] })
  const entry = await api.ask('GET /admin/actors/account/acct_own/history/1', admin)
  expect(entry.json).toMatchObject({
    outcomes: expect.arrayContaining([
      expect.objectContaining({ id, standing: 'parked', retried }),
    ]),
  })
})

test('202: an envelope that fails again is said to be parked, and by which id', async () => {
  const retryParked = () => Promise.resolve({ outcome: 'parked', id: 'account/a!x' } as const)
  const api = openApi({ runtime: (real) => ({ ...real, retryParked }) })
  const answer = await api.ask('POST /admin/parked/account%2Fa!x/retry', admin)
  expect(answer.json).toMatchObject({ outcome: 'parked', waits_for: 'account/a!x' })
})

describe('404', () => {
  test.each([
    'account%2Fa%231.0',
    'nonsense',
    '%2F',
    '%00',
    'account%2Fa%231.0%00',
    '%ED%A0%80',
    '%0A',
    'x'.repeat(601),
  ])('%s is not parked', async (id) => {
    const answer = await openApi().ask(`POST /admin/parked/${id}/retry`, admin)
    expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})

test('503: a parked actor takes nothing, and says that an operator must look', async () => {
  const api = openApi()
  await haveAccount(api)
  const head = await api.runtime.read('account/acct_own')
  await api.store.park({
    id: 'account/acct_own!poison',
    kind: 'envelope',
    actor: 'account/acct_own',
    error: 'a bug',
    parkedAt: api.clock.now(),
    effect: null,
    envelope: head?.envelope ?? null,
  })
  const body = { event: { type: 'account.ban', reason: 'fraud' } }
  const fresh = openApi({ store: api.store })
  const request = 'POST /admin/actors/account/acct_own/events'
  const answer = await fresh.ask(request, { ...admin, body })
  expect(problemIn(answer)).toEqual({ status: 503, code: 'actor_parked' })
  expect(answer.headers.get('retry-after')).toBe('60')
})
