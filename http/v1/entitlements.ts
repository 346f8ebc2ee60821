import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { causesOf } from '../../actors/journal/causes.ts'
import { notFound, refOf } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import { principalOf, type App, type HttpEnv } from '../env.ts'
import { access, type KeyFinder } from '../middleware/auth.ts'
import { requestIdOf, tellAnswered } from '../middleware/observe.ts'
import { maySee, type Role } from '../principal.ts'
import { presentCause, WireCause } from '../resources/cause.ts'
import { WireEntitlements } from '../resources/entitlements.ts'
import { json, problemResponses } from '../resources/wire.ts'
import {
  createEntitlementCache,
  entitlementsOf,
  type EntitlementCache,
} from './entitlement-cache.ts'

const readers: readonly Role[] = ['service', 'admin']
const hotPath = '/v1/entitlements/:account'

const AccountParams = z.strictObject({
  account: z.string().openapi({ param: { name: 'account', in: 'path' } }),
})

const WireReasons = z
  .object({
    object: z.literal('entitlement_reasons'),
    account: z.string(),
    version: z.int(),
    features: z.record(
      z.string(),
      z.object({
        granted: z.boolean(),
        reason: z.string(),
        since: z
          .int()
          .openapi({ description: "The account's journal entry that brought it about." }),
        causes: z.array(WireCause).openapi({
          description: 'That entry first, then what caused it, and so on to where it began.',
        }),
        complete: z.boolean().openapi({ description: 'False if the chain goes on.' }),
      }),
    ),
  })
  .openapi('EntitlementReasons')

const getEntitlements = createRoute({
  ...access(...readers),
  method: 'get',
  path: '/v1/entitlements/{account}',
  tags: ['Entitlements'],
  summary: 'What an account may use now: a versioned snapshot, from memory',
  request: {
    params: AccountParams,
    headers: z.object({ 'if-none-match': z.string().optional() }),
  },
  responses: {
    200: json(WireEntitlements, 'The snapshot; its ETag changes with its version'),
    304: { description: 'The snapshot that you have is the newest' },
    ...problemResponses('not_found'),
  },
})

const getReasons = createRoute({
  ...access(...readers),
  method: 'get',
  path: '/v1/entitlements/{account}/why',
  tags: ['Entitlements'],
  summary: "The chain of causes behind each grant and refusal, down to the provider's event",
  request: { params: AccountParams },
  responses: { 200: json(WireReasons, 'Per feature'), ...problemResponses('not_found') },
})

/** The routes of this area, from which a typed client is made. */
export const entitlementRoutes = { getEntitlements, getReasons } as const

export function createEntitlements(deps: HttpDeps): EntitlementCache {
  return createEntitlementCache(deps, () => performance.now())
}

/**
 * For most reads: what is in memory, for a key that may see it. All else goes the way of all
 * requests.
 */
export function mountEntitlementsInMemory(
  app: App,
  deps: HttpDeps,
  { cache, keyOf }: { cache: EntitlementCache; keyOf: KeyFinder },
): void {
  app.get(hotPath, (c, next) => {
    const startedMs = performance.now()
    const account = c.req.param('account')
    const key = keyOf(c.req.header('authorization'))
    if (key === undefined || !readers.includes(key.role) || !maySee(key, account)) return next()
    const answer = cache.fresh(account)
    if (answer === null) return next()
    const requestId = requestIdOf(c.req.header('x-request-id'))
    const isKnown = matches(c.req.header('if-none-match'), answer.etag)
    const status = isKnown ? 304 : 200
    const { method } = c.req
    const route = hotPath
    tellAnswered(deps, { requestId, method, route, status, startedMs, key: key.name })
    const headers = {
      'X-Request-Id': requestId,
      ETag: answer.etag,
      'Cache-Control': 'private, no-cache',
    }
    if (isKnown) return new Response(null, { status, headers })
    return new Response(answer.text, {
      status,
      headers: { ...headers, 'Content-Type': 'application/json' },
    })
  })
}

export function mountEntitlements(app: App, deps: HttpDeps, cache: EntitlementCache): void {
  app.openapi(getEntitlements, async (c) => {
    const { account } = c.req.valid('param')
    checkAccess(c, account)
    const answer = await cache.read(account)
    if (answer === null) throw notFound()
    c.header('ETag', answer.etag)
    c.header('Cache-Control', 'private, no-cache')
    if (matches(c.req.header('if-none-match'), answer.etag)) return c.body(null, 304)
    return c.json(WireEntitlements.parse(JSON.parse(answer.text)), 200)
  })

  app.openapi(getReasons, async (c) => {
    const { account } = c.req.valid('param')
    checkAccess(c, account)
    const known = await entitlementsOf(deps, account)
    if (known === null) throw notFound()
    const { version, features } = known
    const explained = await Promise.all(
      Object.entries(features).map(async ([feature, { granted, reason, since }]) => {
        const from = { actor: refOf('account', account), seq: since }
        const { chain, complete } = await causesOf(deps.runtime.entry, from, deps.limits.causes)
        const causes = chain.map(presentCause)
        return [feature, { granted, reason, since, causes, complete }] as const
      }),
    )
    const shown = { account, version, features: Object.fromEntries(explained) }
    return c.json({ object: 'entitlement_reasons' as const, ...shown }, 200)
  })
}

function checkAccess(c: Pick<Context<HttpEnv>, 'var'>, account: string): void {
  refOf('account', account)
  if (!maySee(principalOf(c), account)) throw notFound()
}

/** If-None-Match compares weakly (RFC 9110 §13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const listed = new Set(header.split(',').map((one) => one.trim().replace(/^W\//, '')))
  return listed.has(etag) || listed.has('*')
}
