import { createRoute, z } from '@hono/zod-openapi'
import type { ParkedItem } from '../../actors/ports.ts'
import { waits } from '../actors/command.ts'
import { notFound } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import { principalOf, type App } from '../env.ts'
import { access, operatorAccess, principalName } from '../middleware/auth.ts'
import { isPrintable } from '../middleware/text.ts'
import { WireRetried } from '../resources/entry.ts'
import {
  AnyObject,
  json,
  problemResponses,
  OperatorHeader,
  PageQuery,
  pageOf,
  WireInstant,
} from '../resources/wire.ts'

const WireParked = z
  .object({
    object: z.literal('parked'),
    id: z.string().openapi({ description: 'Encode it in paths: it holds / and #.' }),
    kind: z.enum(['effect', 'envelope']),
    actor: z.string(),
    error: z.string().openapi({ description: 'Why it failed for good.' }),
    parked_at: WireInstant,
    effect: AnyObject.nullable(),
    envelope: AnyObject.nullable(),
    retried: WireRetried,
  })
  .openapi('Parked')

const listParked = createRoute({
  ...access('admin'),
  method: 'get',
  path: '/admin/parked',
  tags: ['Admin'],
  summary: 'What failed for good and waits for a person, the oldest first',
  request: { query: z.strictObject(PageQuery) },
  responses: {
    200: json(pageOf(WireParked).openapi('ParkedList'), 'One page'),
    ...problemResponses('invalid_request'),
  },
})

const WireRetry = z
  .object({
    object: z.literal('parked_retry'),
    id: z.string(),
    outcome: z
      .enum(['committed', 'duplicate', 'unchanged', 'refused', 'parked', 'retrying'])
      .openapi({
        description:
          'retrying: an effect, which is performed soon; unchanged: it has nothing to do any more; parked: it failed again.',
      }),
    waits_for: z.string().nullable().openapi({
      description: 'If it is parked: what must be retried first, which may be itself.',
    }),
  })
  .openapi('ParkedRetry')

const retryParked = createRoute({
  ...operatorAccess(),
  method: 'post',
  path: '/admin/parked/{id}/retry',
  tags: ['Admin'],
  summary: 'Tries it again',
  request: {
    params: z.strictObject({
      id: z.string().openapi({ param: { name: 'id', in: 'path' } }),
    }),
    headers: OperatorHeader,
  },
  responses: {
    202: json(WireRetry, 'What came of it'),
    ...problemResponses('operator_required', 'not_found', 'actor_busy', 'idempotency_key_in_use'),
  },
})

/** The routes of this area, from which a typed client is made. */
export const adminParkedRoutes = { listParked, retryParked } as const

/** An actor's ref with an envelope's id. */
const idMax = 600

export function mountAdminParked(app: App, deps: HttpDeps): void {
  app.openapi(listParked, async (c) => {
    const { cursor = null, limit } = c.req.valid('query')
    const page = await deps.store.parked({ cursor, limit })
    const data = page.items.map(present)
    return c.json({ object: 'list' as const, data, next_cursor: page.cursor }, 200)
  })

  app.openapi(retryParked, async (c) => {
    const { id } = c.req.valid('param')
    if (id.length > idMax || !isPrintable(id)) throw notFound()
    const retried = await deps.runtime.retryParked(id, principalName(principalOf(c)))
    const { outcome } = retried
    if (outcome === 'unknown') throw notFound()
    if (outcome === 'busy') throw waits(outcome)
    const waitsFor = outcome === 'parked' ? retried.id : null
    return c.json({ object: 'parked_retry' as const, id, outcome, waits_for: waitsFor }, 202)
  })
}

function present(item: ParkedItem): z.infer<typeof WireParked> {
  const { parkedAt, retried = null, ...kept } = item
  return { object: 'parked', ...kept, parked_at: parkedAt, retried }
}
