import { describe, expect, test } from 'vitest'
import { openApi, problemIn } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { haveAccount, haveActive, subscriptionSays } from '../../test/harness/provider-says.ts'
import { eventBody, postWebhook } from '../../test/harness/webhook.ts'

const service = { key: keyOf.service }
const own = 'GET /v1/entitlements/acct_own'

describe('200', () => {
  test('M5 a feature is granted once the provider says that the subscription is active', async () => {
    const api = openApi()
    await haveAccount(api)
    const before = await api.ask(own, service)
    expect(before.json).toMatchObject({ account: 'acct_own', standing: 'good', features: {} })
    await api.tell('subscription/sub_one', subscriptionSays('acct_own', 'active'))
    const after = await api.ask(own, service)
    expect(after.json['features']).toEqual({
      api: {
        granted: true,
        limit: true,
        reason: 'subscription_active',
        subscription: 'sub_one',
        plan: 'pro_monthly',
      },
    })
    expect(after.json['version']).toBeGreaterThan(Number(before.json['version']))
  })

  test('a change is served at once, from the commit itself', async () => {
    const api = openApi()
    await haveActive(api)
    await api.ask(own, service)
    const body = { event: { type: 'account.ban', reason: 'fraud' } }
    const headers = { 'x-operator': 'maria' }
    const request = 'POST /admin/actors/account/acct_own/events'
    await api.ask(request, { key: keyOf.admin, body, headers })
    const { json } = await api.ask(own, service)
    expect(json).toMatchObject({
      standing: 'banned',
      features: { api: { granted: false, limit: null, reason: 'banned' } },
    })
  })
})

describe('from memory', () => {
  test.each([[{}], [{ 'if-none-match': '*', 'x-request-id': 'ours' }]])(
    'the answer is the one that the store gives, header by header: %o',
    async (headers) => {
      const read = openApi()
      await haveActive(read)
      const kept = openApi({ store: read.store })
      await kept.ask(own, service)
      const shownBy = async (api: typeof read) => {
        const { status, text, headers: sent } = await api.ask(own, { ...service, headers })
        const id = sent.get('x-request-id')
        expect(id).toMatch(/./)
        return [status, text, { ...Object.fromEntries(sent), 'x-request-id': 'ours' }]
      }
      expect(await shownBy(kept)).toEqual(await shownBy(read))
    },
  )

  test('it is for those alone who may see the account', async () => {
    const api = openApi()
    await haveActive(api)
    await api.ask(own, service)
    expect((await api.ask(own, { key: keyOf.dashboard })).status).toBe(403)
    expect((await api.ask(own, { key: null })).status).toBe(401)
  })
})

describe('304', () => {
  test('the snapshot that the service has is not sent again, until its version changes', async () => {
    const api = openApi()
    await haveActive(api)
    const first = await api.ask(own, service)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toBe(`"acct_own-${String(first.json['version'])}"`)
    for (const match of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await api.ask(own, { ...service, headers: { 'if-none-match': match } })
      expect([again.status, again.text]).toEqual([304, ''])
      expect(again.headers.get('etag')).toBe(etag)
    }
    const says = subscriptionSays('acct_own', 'canceled')
    await api.tell('subscription/sub_one', says, '2027-01-02T00:00:00.000Z')
    const changed = await api.ask(own, { ...service, headers: { 'if-none-match': etag } })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })
})

describe('why', () => {
  test('M5 a grant names its causes, down to the subscription that the provider spoke of', async () => {
    const api = openApi()
    await haveActive(api)
    const { json } = await api.ask(`${own}/why`, service)
    expect(json).toMatchObject({
      features: {
        api: {
          granted: true,
          reason: 'subscription_active',
          complete: true,
          causes: [
            { actor: 'account/acct_own', event: 'subscription.changed', source: 'actor' },
            {
              actor: 'subscription/sub_one',
              event: 'subscription.observed',
              principal: 'provider:stripe',
              state: expect.stringContaining('status.active'),
            },
          ],
        },
      },
    })
  })

  test('M5 a refusal names who refused', async () => {
    const api = openApi()
    await haveActive(api)
    const body = { event: { type: 'account.ban', reason: 'fraud' } }
    const request = 'POST /admin/actors/account/acct_own/events'
    await api.ask(request, { key: keyOf.admin, body, headers: { 'x-operator': 'maria' } })
    const { json } = await api.ask(`${own}/why`, service)
    expect(json).toMatchObject({
      features: {
        api: {
          granted: false,
          reason: 'banned',
          complete: true,
          causes: [{ event: 'account.ban', principal: 'operator:maria' }],
        },
      },
    })
  })

  test('a chain is cut at its bound, and says so', async () => {
    const api = openApi({ limits: { causes: 1 } })
    await haveActive(api)
    const { json } = await api.ask(`${own}/why`, service)
    expect(json).toMatchObject({ features: { api: { complete: false } } })
  })

  test("a chain that begins with a webhook names the provider's event", async () => {
    const api = openApi()
    const body = eventBody({ id: 'evt_77', type: 'invoice.paid' })
    expect((await postWebhook(api, { body })).status).toBe(200)
    const { items } = await api.store.actors('event', { cursor: null, limit: 1 })
    await haveAccount(api)
    await api.runtime.tell({
      id: 'normalised',
      to: 'subscription/sub_one',
      event: subscriptionSays('acct_own', 'active'),
      source: 'provider',
      occurredAt: api.clock.now(),
      receivedAt: api.clock.now(),
      causationId: `${String(items[0])}#1.0`,
      correlationId: 'test',
      principal: 'provider:stripe',
    })
    await api.runtime.idle()
    const { json } = await api.ask(`${own}/why`, service)
    expect(json).toMatchObject({
      features: {
        api: {
          complete: true,
          causes: [
            {},
            { actor: 'subscription/sub_one' },
            {
              actor: items[0],
              provider_event: { provider: 'stripe', id: 'evt_77', type: 'invoice.paid' },
            },
          ],
        },
      },
    })
  })
})

describe('404', () => {
  test.each([own, `${own}/why`])('%s of an unknown account is not found', async (request) => {
    const answer = await openApi().ask(request, service)
    expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})
