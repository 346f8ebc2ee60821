import { describe, expect, test } from 'vitest'
import type { Runtime } from '../../actors/runtime.ts'
import { openApi, problemIn, type TestApi } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveAccount } from '../../test/harness/provider-says.ts'
import { plusMs } from '../../values/instant.ts'
import { defaultHttpLimits } from '../limits.ts'

const body = { email: 'ada@example.com' }
const headers = { 'idempotency-key': 'once-only' }

async function accountsOf(api: TestApi): Promise<readonly string[]> {
  return (await api.store.actors('account', { cursor: null, limit: 100 })).items
}

describe('a repeated POST', () => {
  test('gets the first answer again, byte for byte, and takes effect once', async () => {
    const api = openApi()
    const first = await api.ask('POST /v1/accounts', { body, headers })
    await api.tell(`account/${String(first.json['id'])}`, { type: 'account.close' })
    const again = await api.ask('POST /v1/accounts', { body, headers })
    expect([again.status, again.text]).toEqual([201, first.text])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(await accountsOf(api)).toHaveLength(1)
  })

  test('gets the no of the business again, even when the answer would now be yes', async () => {
    const api = openApi()
    const wanted = { account: 'acct_own', plan: 'pro_euro' }
    await haveAccount(api)
    const first = await api.ask('POST /v1/subscriptions', { body: wanted, headers })
    const again = await api.ask('POST /v1/subscriptions', { body: wanted, headers })
    expect(problemIn(first)).toEqual({ status: 422, code: 'plan_currency_mismatch' })
    expect(again.text).toBe(first.text)
    expect(again.headers.get('content-type')).toBe('application/problem+json')
    expect(again.headers.get('idempotency-replayed')).toBe('true')
  })

  test('whose first try was malformed may try again with the same key', async () => {
    const api = openApi()
    const wrong = await api.ask('POST /v1/accounts', { body: { email: 'ada' }, headers })
    const right = await api.ask('POST /v1/accounts', { body, headers })
    expect([wrong.status, right.status]).toEqual([422, 201])
  })

  test('whose first try met an outage may try again with the same key', async () => {
    let isDown = true
    const api = openApi({
      runtime: (real) => ({
        ...real,
        tell: (envelope) => (isDown ? Promise.reject(new Error('boom')) : real.tell(envelope)),
      }),
    })
    const failed = await api.ask('POST /v1/accounts', { body, headers })
    isDown = false
    const later = await api.ask('POST /v1/accounts', { body, headers })
    expect([failed.status, later.status]).toEqual([500, 201])
  })

  test('belongs to its API key and its route: others may use the same key', async () => {
    const api = openApi()
    const one = await api.ask('POST /v1/accounts', { body, headers })
    const other = await api.ask('POST /v1/accounts', { key: keyOf.admin, body, headers })
    expect(other.json['id']).not.toBe(one.json['id'])
    expect(await accountsOf(api)).toHaveLength(2)
  })
})

describe('422', () => {
  test('a key with another body is refused', async () => {
    const api = openApi()
    await api.ask('POST /v1/accounts', { body, headers })
    const other = { email: 'bob@example.com' }
    const answer = await api.ask('POST /v1/accounts', { body: other, headers })
    expect(problemIn(answer)).toEqual({ status: 422, code: 'idempotency_key_reused' })
    expect(await accountsOf(api)).toHaveLength(1)
  })
})

describe('409', () => {
  test('a key whose first request is still running is refused until that has ended', async () => {
    let release: () => void = () => {}
    let reached: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const begun = new Promise<void>((resolve) => {
      reached = resolve
    })
    const api = openApi({
      runtime: (real) => ({
        ...real,
        async tell(envelope) {
          reached()
          await held
          return real.tell(envelope)
        },
      }),
    })
    const first = api.ask('POST /v1/accounts', { body, headers })
    await begun
    const second = await api.ask('POST /v1/accounts', { body, headers })
    expect(problemIn(second)).toEqual({ status: 409, code: 'idempotency_key_in_use' })
    expect(second.headers.get('retry-after')).toBe('1')
    api.clock.advanceTo(plusMs(api.clock.now(), 10 * defaultHttpLimits.keyedRequestMs))
    const third = await api.ask('POST /v1/accounts', { body, headers })
    expect(problemIn(third)).toEqual({ status: 409, code: 'idempotency_key_in_use' })
    release()
    expect((await first).status).toBe(201)
    expect((await api.ask('POST /v1/accounts', { body, headers })).status).toBe(201)
    expect(await accountsOf(api)).toHaveLength(1)
  })
})

describe('400', () => {
  test.each`
    key                | why
    ${''}              | ${'an empty key says nothing'}
    ${'x'.repeat(256)} | ${'a key has at most 255 characters'}
    ${'caf\u00e9'}     | ${'a key is printable ASCII'}
    ${'a\tb'}          | ${'a key holds no tab'}
  `('$why', async ({ key }) => {
    const answer = await openApi().ask('POST /v1/accounts', {
      body,
      headers: { 'idempotency-key': key },
    })
    expect(problemIn(answer)).toEqual({ status: 400, code: 'idempotency_key_invalid' })
  })
})

describe('after a crash', () => {
  /** Commits, and dies before it can answer. */
  function crashing(reached: () => void): (real: Runtime) => Runtime {
    return (real) => ({
      ...real,
      async tell(envelope) {
        await real.tell(envelope)
        reached()
        return new Promise(() => {})
      },
    })
  }

  test.each`
    path                        | sent
    ${'POST /v1/accounts'}      | ${body}
    ${'POST /v1/subscriptions'} | ${{ account: 'acct_own', plan: 'pro_monthly' }}
  `('$path meets its own first try in another process', async ({ path, sent }) => {
    const before = openApi()
    await haveAccount(before)
    await new Promise<void>((resolve) => {
      const dying = openApi({ store: before.store, runtime: crashing(resolve) })
      void dying.ask(path, { body: sent, headers })
    })
    const after = openApi({ store: before.store })
    expect(problemIn(await after.ask(path, { body: sent, headers })).status).toBe(409)
    after.clock.advanceTo(plusMs(after.clock.now(), defaultHttpLimits.keyedRequestMs + 1))
    const answer = await after.ask(path, { body: sent, headers })
    expect([201, 202]).toContain(answer.status)
    const type = path.includes('accounts') ? 'account' : 'subscription'
    const all = await after.store.actors(type, { cursor: null, limit: 100 })
    const added = all.items.filter((ref) => ref !== 'account/acct_own')
    expect(added).toEqual([`${type}/${String(answer.json['id'])}`])
    expect(
      (
        await after.store.history(`${type}/${String(answer.json['id'])}`, {
          cursor: null,
          limit: 10,
        })
      ).items[0]?.envelope.id,
    ).toMatch(/^api:/)
  })
})
