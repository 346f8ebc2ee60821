import { describe, expect, test } from 'vitest'
import { openApi, problemIn, type Ask, type TestApi, wrongFields } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { eventBody, postWebhook } from '../../test/harness/webhook.ts'
import { plusMs } from '../../values/instant.ts'
import { haveAccount, haveActive } from '../../test/harness/provider-says.ts'

const actor = '/admin/actors/account/acct_own'

function asAdmin(api: TestApi, request: string, more: Ask = {}) {
  const headers = { 'x-operator': 'maria', ...more.headers }
  return api.ask(request, { ...more, key: keyOf.admin, headers })
}

const ban = { event: { type: 'account.ban', reason: 'fraud' } }
const unban = { event: { type: 'account.unban', reason: 'fraud' } }

describe('200', () => {
  test('an actor shows its state, and which transitions are possible, with the guard of each', async () => {
    const api = openApi()
    await haveAccount(api)
    const { json } = await asAdmin(api, `GET ${actor}`)
    expect(json).toMatchObject({
      actor: 'account/acct_own',
      state: expect.stringContaining('standing.good'),
      value: { standing: 'good' },
      context: { email: 'ada@example.com' },
    })
    expect(json['transitions']).toContainEqual(
      expect.objectContaining({
        event: 'account.create',
        guard: 'or(isNew, customerRefused)',
        holds: false,
        sendable: true,
      }),
    )
    expect(json['transitions']).toContainEqual(
      expect.objectContaining({ event: 'customer.observed', sendable: false }),
    )
  })

  test("a webhook is found by the provider's own id, and of several the one that came last", async () => {
    const api = openApi()
    for (const [id, type] of [
      ['evt_1', 'customer.updated'],
      ['evt_1', 'customer.deleted'],
      ['evt_10', 'customer.updated'],
    ]) {
      await postWebhook(api, { body: eventBody({ id, type }) })
      api.clock.advanceTo(plusMs(api.clock.now(), 1000))
    }
    for (const request of ['', '/history', '/history/1']) {
      const { status, json } = await asAdmin(api, `GET /admin/actors/event/evt_1${request}`)
      expect(status).toBe(200)
      expect(JSON.stringify(json)).toMatch(/"actor":"event\/evt_1~/)
      expect(JSON.stringify(json)).toContain('customer.deleted')
    }
    const { json } = await asAdmin(api, 'GET /admin/actors/event/evt_1')
    const exact = await asAdmin(api, `GET /admin/actors/${String(json['actor'])}`)
    expect(exact.json).toMatchObject({ actor: json['actor'] })
  })

  test('any past moment shows what was known then', async () => {
    const api = openApi()
    await haveAccount(api)
    api.clock.advanceTo('2027-01-05T00:00:00.000Z')
    await asAdmin(api, `POST ${actor}/events`, { body: ban })
    const before = await asAdmin(api, `GET ${actor}?at=2027-01-04T00:00:00.000Z`)
    const after = await asAdmin(api, `GET ${actor}?at=2027-01-05T00:00:00.000Z`)
    expect(before.json).toMatchObject({ value: { standing: 'good' } })
    expect(after.json).toMatchObject({ value: { standing: 'banned' } })
  })

  test('an entry shows what became of each of its effects', async () => {
    const api = openApi()
    await haveAccount(api)
    const { json } = await asAdmin(api, `GET ${actor}/history/1`)
    expect(json['outcomes']).toMatchObject([
      { kind: 'customer.create', standing: 'done', result: null, last_error: null, due_at: null },
    ])
  })

  test('the journal is paged, and each entry shows the state after it', async () => {
    const api = openApi()
    await haveActive(api)
    const first = await asAdmin(api, `GET ${actor}/history?limit=1`)
    expect(first.json).toMatchObject({ data: [{ seq: 1, event: { type: 'account.create' } }] })
    const cursor = encodeURIComponent(String(first.json['next_cursor']))
    const second = await asAdmin(api, `GET ${actor}/history?limit=1&cursor=${cursor}`)
    expect(second.json).toMatchObject({ data: [{ seq: 2, source: 'effect' }] })
    const entry = await asAdmin(api, `GET ${actor}/history/1`)
    expect(entry.json).toMatchObject({
      seq: 1,
      effects: [{ kind: 'customer.create' }],
      after: { seq: 1, value: { standing: 'good' }, context: { customers: {} } },
    })
  })
})

describe('202', () => {
  test("an operator's event is committed under their name", async () => {
    const api = openApi()
    const ref = await haveAccount(api)
    const banned = await asAdmin(api, `POST ${actor}/events`, { body: ban })
    expect(banned.status).toBe(202)
    expect(banned.json).toMatchObject({ principal: 'operator:maria', source: 'operator' })
    const entry = await api.runtime.read(ref)
    expect(entry?.envelope.principal).toBe('operator:maria')
    const lifted = await asAdmin(api, `POST ${actor}/events`, { body: unban })
    expect(lifted.json['state']).toContain('standing.good')
  })

  test('a fresh read may be asked for', async () => {
    const api = openApi()
    await haveAccount(api)
    const body = { event: { type: 'refresh' } }
    const answer = await asAdmin(api, `POST ${actor}/events`, { body })
    expect(answer.json).toMatchObject({ effects: [{ kind: 'object.read' }] })
  })
})

describe('403', () => {
  test.each([
    'customer.observed',
    'subscription.changed',
    'effect.rejected',
    'xstate.after.untilExpired.account.paymentMethod.expiring',
    'xstate.init',
    'no.such.event',
  ])('%s is never made up by hand, and nothing is journaled', async (type) => {
    const api = openApi()
    const ref = await haveAccount(api)
    const before = await api.runtime.read(ref)
    const answer = await asAdmin(api, `POST ${actor}/events`, { body: { event: { type } } })
    expect(problemIn(answer)).toEqual({ status: 403, code: 'event_not_sendable' })
    expect(answer.json['sendable']).toContain('account.ban')
    expect((await api.runtime.read(ref))?.seq).toBe(before?.seq)
  })
})

describe('404', () => {
  test.each([
    'GET /admin/actors/account/acct_none',
    'GET /admin/actors/unicorn/acct_own',
    'GET /admin/actors/event/evt_none',
    'GET /admin/actors/account/acct%20own',
    'GET /admin/actors/account/acct_own?at=2026-12-31T00:00:00.000Z',
    'GET /admin/actors/account/acct_none/history',
    'GET /admin/actors/account/acct_own/history/99',
    'GET /admin/actors/constructor/x/history',
  ])('%s is not found', async (request) => {
    const api = openApi()
    await haveAccount(api)
    expect(problemIn(await asAdmin(api, request))).toEqual({ status: 404, code: 'not_found' })
  })

  test('an event gives birth to no actor', async () => {
    const api = openApi()
    const answer = await asAdmin(api, `POST ${actor}/events`, { body: ban })
    expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
    expect(await api.runtime.read('account/acct_own')).toBeNull()
  })
})

describe('409', () => {
  test('a request that the state does not take is refused with what is possible', async () => {
    const api = openApi()
    await haveAccount(api)
    const answer = await asAdmin(api, `POST ${actor}/events`, { body: unban })
    expect(problemIn(answer)).toEqual({ status: 409, code: 'not_possible_now' })
  })
})

function banFor(reason: string) {
  return { event: { type: 'account.ban', reason } }
}

describe('422', () => {
  test('a request with a wrong field is refused by name', async () => {
    const api = openApi()
    await haveAccount(api)
    const body = { event: { type: 'account.ban', reason: '' } }
    const answer = await asAdmin(api, `POST ${actor}/events`, { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'event_invalid' })
    expect(answer.json['fields']).toEqual([expect.objectContaining({ field: 'reason' })])
  })

  test.each`
    request                                       | body                       | field
    ${`POST ${actor}/events`}                     | ${{}}                      | ${'/event'}
    ${`POST ${actor}/events`}                     | ${{ event: { a: 1 } }}     | ${'/event'}
    ${`POST ${actor}/events`}                     | ${{ ...ban, force: true }} | ${'/force'}
    ${`POST ${actor}/events`}                     | ${banFor('a\0')}           | ${'/event/reason'}
    ${`POST ${actor}/events`}                     | ${banFor('a\uD800')}       | ${'/event/reason'}
    ${`GET ${actor}?at=yesterday`}                | ${undefined}               | ${'/at'}
    ${`GET ${actor}?at=2027-02-30T00:00:00.000Z`} | ${undefined}               | ${'/at'}
    ${`GET ${actor}/history/0`}                   | ${undefined}               | ${'/seq'}
    ${`GET ${actor}/history?limit=1000`}          | ${undefined}               | ${'/limit'}
  `('$request names $field', async ({ request, body, field }) => {
    const answer = await asAdmin(openApi(), request, body === undefined ? {} : { body })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual([field])
  })
})
