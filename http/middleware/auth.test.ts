import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openApi, problemIn, type Answer } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'
import { quietSandbox } from '../../test/harness/quiet-sandbox.ts'
import { type Role, roles } from '../principal.ts'

const operating: readonly Role[] = ['dashboard', 'admin']
const serving: readonly Role[] = ['service', 'admin']
const everyone: readonly Role[] = roles
const admins: readonly Role[] = ['admin']

/**
 * Who may use each route; null for anyone, without a key. Written by hand, and compared with the
 * document.
 */
const rights: Readonly<Record<string, readonly Role[] | null>> = {
  'POST /v1/accounts': operating,
  'GET /v1/accounts': operating,
  'GET /v1/accounts/{id}': operating,
  'POST /v1/accounts/{id}/payment-methods': operating,
  'GET /v1/plans': everyone,
  'POST /v1/subscriptions': operating,
  'GET /v1/subscriptions/{id}': operating,
  'GET /v1/subscriptions/{id}/stream': operating,
  'POST /v1/subscriptions/{id}/cancel': operating,
  'POST /v1/subscriptions/{id}/resume': operating,
  'GET /v1/invoices': operating,
  'GET /v1/invoices/{id}': operating,
  'POST /v1/invoices/{id}/pay': operating,
  'GET /v1/entitlements/{account}': serving,
  'GET /v1/entitlements/{account}/why': serving,
  'GET /admin/actors/{type}/{id}': admins,
  'GET /admin/actors/{type}/{id}/history': admins,
  'GET /admin/actors/{type}/{id}/history/{seq}': admins,
  'POST /admin/actors/{type}/{id}/events': admins,
  'GET /admin/parked': admins,
  'POST /admin/parked/{id}/retry': admins,
  'POST /webhooks/stripe': null,
  'GET /sandbox': operating,
  'POST /sandbox/clock/advance': operating,
  'POST /sandbox/chaos': operating,
  'GET /healthz': null,
  'GET /readyz': null,
  'GET /metrics': null,
}

const api = openApi({ sandbox: quietSandbox() })

function send(route: string, key: string | null): Promise<Answer> {
  const concrete = route.replaceAll(/\{\w+\}/g, 'x')
  return api.ask(concrete, { key, ...(route.startsWith('POST') ? { body: {} } : {}) })
}

const Paths = z.record(
  z.string(),
  z.record(z.string(), z.object({ security: z.array(z.object({ key: z.array(z.string()) })) })),
)

test('the table covers every route, and the document lists the same roles', async () => {
  const { json } = await api.ask('GET /openapi.json', { key: null })
  const listed = Object.entries(Paths.parse(json['paths'])).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security }]) => [
      `${method.toUpperCase()} ${path}`,
      security[0]?.key ?? null,
    ]),
  )
  expect(Object.fromEntries(listed)).toEqual(rights)
})

const closed = Object.entries(rights).flatMap(([route, allowed]) =>
  allowed === null ? [] : [{ route, allowed }],
)

describe('401', () => {
  test.each(closed)('$route asks for a key', async ({ route }) => {
    const answer = await send(route, null)
    expect(problemIn(answer)).toEqual({ status: 401, code: 'unauthorized' })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tenure"')
  })

  test.each`
    authorization                    | why
    ${'Bearer not-a-key'}            | ${'an unknown key is no key'}
    ${'Bearer '}                     | ${'an empty key is no key'}
    ${`Basic ${keyOf.admin}`}        | ${'another scheme is no key'}
    ${keyOf.admin}                   | ${'a key needs its scheme'}
    ${`Bearer ${keyOf.admin} extra`} | ${'a key stands alone'}
    ${`Bearer ${keyOf.admin}x`}      | ${'a longer key is another'}
  `('$why', async ({ authorization }) => {
    const answer = await api.ask('GET /v1/plans', { key: null, headers: { authorization } })
    expect(problemIn(answer)).toEqual({ status: 401, code: 'unauthorized' })
  })
})

describe('403', () => {
  const pairs = closed.flatMap(({ route, allowed }) =>
    roles.filter((role) => !allowed.includes(role)).map((role) => ({ route, role, allowed })),
  )
  test.each(pairs)('$route is not for the role $role', async ({ route, role, allowed }) => {
    const answer = await send(route, keyOf[role])
    expect(problemIn(answer)).toEqual({ status: 403, code: 'forbidden' })
    expect(answer.json['roles']).toEqual(expect.arrayContaining([...allowed]))
  })
})

describe('403, for a key that sees some accounts alone', () => {
  test.each([
    'POST /v1/accounts',
    'GET /sandbox',
    'POST /sandbox/clock/advance',
    'POST /sandbox/chaos',
  ])('%s concerns more than those', async (route) => {
    const answer = await send(route, keyOf.narrow)
    expect(problemIn(answer)).toEqual({ status: 403, code: 'forbidden' })
    expect(answer.json['restricted']).toBe(true)
  })
})

describe('neither', () => {
  const pairs = closed.flatMap(({ route, allowed }) => allowed.map((role) => ({ route, role })))
  test.each(pairs)('$route is open to the role $role', async ({ route, role }) => {
    expect([401, 403]).not.toContain((await send(route, keyOf[role])).status)
  })

  const open = Object.keys(rights).filter((route) => rights[route] === null)
  test.each(open)('%s needs no key', async (route) => {
    expect([401, 403]).not.toContain((await send(route, null)).status)
  })
})

describe('400', () => {
  test.each`
    headers                       | why
    ${{}}                         | ${'an operator who changes something is named'}
    ${{ 'x-operator': '' }}       | ${'an empty name names nobody'}
    ${{ 'x-operator': 'a b<c>' }} | ${'a name is plain enough for an audit trail'}
  `('$why', async ({ headers }) => {
    const request = 'POST /admin/actors/account/acct_own/events'
    const answer = await api.ask(request, { key: keyOf.admin, body: {}, headers })
    expect(problemIn(answer)).toEqual({ status: 400, code: 'operator_required' })
  })
})
