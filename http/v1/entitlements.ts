import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { causesOf } from '../../actors/causes.ts'
import type { Entitlements } from '../../machines/account/entitlements.ts'
import { notFound, refOf } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import { principalOf, type App, type HttpEnv } from '../env.ts'
import { access } from '../middleware/auth.ts'
import { maySee } from '../principal.ts'
import { presentCause, WireCause } from '../resources/cause.ts'
import { presentEntitlements, WireEntitlements } from '../resources/entitlements.ts'
import { json, problemResponses } from '../resources/wire.ts'
import { createEntitlementCache, type EntitlementCache } from './entitlement-cache.ts'

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
  ...access('service', 'admin'),
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
  ...access('service', 'admin'),
  method: 'get',
  path: '/v1/entitlements/{account}/why',
  tags: ['Entitlements'],
  summary: "The chain of causes behind each grant and refusal, down to the provider's event",
  request: { params: AccountParams },
  responses: { 200: json(WireReasons, 'Per feature'), ...problemResponses('not_found') },
})

export function mountEntitlements(app: App, deps: HttpDeps): EntitlementCache {
  const cache = createEntitlementCache(deps, () => deps.timers.nowMs())

  app.openapi(getEntitlements, async (c) => {
    const { account } = c.req.valid('param')
    const known = await seen(c, cache, account)
    const etag = `"${account}-${known.version}"`
    c.header('ETag', etag)
    c.header('Cache-Control', 'private, no-cache')
    if (matches(c.req.header('if-none-match'), etag)) return c.body(null, 304)
    return c.json(presentEntitlements(account, known), 200)
  })

  app.openapi(getReasons, async (c) => {
    const { account } = c.req.valid('param')
    const { version, features } = await seen(c, cache, account)
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

  return cache
}

async function seen(
  c: Pick<Context<HttpEnv>, 'var'>,
  cache: EntitlementCache,
  account: string,
): Promise<Entitlements> {
  refOf('account', account)
  if (!maySee(principalOf(c), account)) throw notFound()
  const known = await cache.read(account)
  if (known === null) throw notFound()
  return known
}

/** If-None-Match compares weakly (RFC 9110 §13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const listed = new Set(header.split(',').map((one) => one.trim().replace(/^W\//, '')))
  return listed.has(etag) || listed.has('*')
}
