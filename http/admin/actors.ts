import { createRoute, z } from '@hono/zod-openapi'
import type { Entry } from '../../actors/journal/journal.ts'
import { typeOf, type ActorRef } from '../../values/ids.ts'
import { isInstant, type Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { command } from '../actors/command.ts'
import { notFound, refOf } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { access, operatorAccess } from '../middleware/auth.ts'
import { unkeepableAt } from '../middleware/text.ts'
import { Problem } from '../problem.ts'
import {
  presentActor,
  presentEntry,
  presentOutcomes,
  WireActor,
  WireEntry,
  WirePastEntry,
} from '../resources/entry.ts'
import {
  json,
  jsonBody,
  problemResponses,
  OperatorHeader,
  PageQuery,
  pageOf,
  postProblemResponses,
} from '../resources/wire.ts'

const pathString = (name: string) => z.string().openapi({ param: { name, in: 'path' } })

const ActorParams = z.strictObject({
  type: pathString('type'),
  id: z.string().openapi({
    param: { name: 'id', in: 'path' },
    description:
      'Of an `event`, the id that the provider gave it is enough: of several with that id and other ' +
      'contents, the one that came last is meant.',
  }),
})

const EntryParams = ActorParams.extend({
  seq: z.coerce
    .number()
    .int()
    .positive()
    .openapi({ type: 'integer', param: { name: 'seq', in: 'path' } }),
})

const Moment = z
  .custom<Instant>(isInstant, 'must be a UTC instant such as 2026-01-31T00:00:00.000Z')
  .optional()
  .openapi({ type: 'string', format: 'date-time', description: 'Shows it as it was then.' })

const SentEvent = z
  .strictObject({
    event: z
      .custom<JsonObject & { type: string }>(isEvent, 'must be an object with a type')
      .openapi({
        type: 'object',
        properties: { type: { type: 'string' } },
        required: ['type'],
        additionalProperties: true,
        example: { type: 'account.unban', reason: 'fraud' },
      })
      .superRefine((event, context) => {
        const path = unkeepableAt(event)
        const message = 'must not hold NUL or half of a character'
        if (path) context.addIssue({ code: 'custom', path: [...path], message })
      }),
  })
  .openapi('SentEvent')

function isEvent(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  )
}

const getActor = createRoute({
  ...access('admin'),
  method: 'get',
  path: '/admin/actors/{type}/{id}',
  tags: ['Admin'],
  summary: "An actor's state, now or at any past moment, with the transitions possible then",
  request: { params: ActorParams, query: z.strictObject({ at: Moment }) },
  responses: {
    200: json(WireActor, 'The actor'),
    ...problemResponses('not_found', 'invalid_request'),
  },
})

const getHistory = createRoute({
  ...access('admin'),
  method: 'get',
  path: '/admin/actors/{type}/{id}/history',
  tags: ['Admin'],
  summary: 'Its journal, from the first entry',
  request: { params: ActorParams, query: z.strictObject(PageQuery) },
  responses: {
    200: json(pageOf(WireEntry).openapi('JournalEntryList'), 'One page'),
    ...problemResponses('not_found', 'invalid_request'),
  },
})

const getEntry = createRoute({
  ...access('admin'),
  method: 'get',
  path: '/admin/actors/{type}/{id}/history/{seq}',
  tags: ['Admin'],
  summary: 'One journal entry, with the state after it and what became of its effects',
  request: { params: EntryParams },
  responses: {
    200: json(WirePastEntry, 'The entry'),
    ...problemResponses('not_found', 'invalid_request'),
  },
})

const sendEvent = createRoute({
  ...operatorAccess(),
  method: 'post',
  path: '/admin/actors/{type}/{id}/events',
  tags: ['Admin'],
  summary: 'Sends it an event in the name of the operator',
  description:
    'Only requests; `refresh` among them asks the provider how things stand. What a provider ' +
    'said, or a timer, cannot be made up.',
  request: { params: ActorParams, headers: OperatorHeader, body: jsonBody(SentEvent) },
  responses: {
    202: json(WireEntry, 'The journal entry that came of it'),
    ...postProblemResponses(
      'operator_required',
      'event_not_sendable',
      'not_found',
      'not_possible_now',
      'event_unknown',
      'event_invalid',
      'payment_method_required',
      'payment_method_unknown',
      'plan_currency_mismatch',
      'account_closed',
    ),
  },
})

/** The routes of this area, from which a typed client is made. */
export const adminActorRoutes = { getActor, getHistory, getEntry, sendEvent } as const

export function mountAdminActors(app: App, deps: HttpDeps): void {
  const { runtime } = deps
  const shown = (entry: Entry, at: Instant) =>
    presentActor(entry, runtime.possible(entry, at), sendableTo(deps, typeOf(entry.actor)))

  app.openapi(getActor, async (c) => {
    const { type, id } = c.req.valid('param')
    const { at } = c.req.valid('query')
    const ref = await actorOf(deps, type, id)
    const entry = at === undefined ? await runtime.read(ref) : await runtime.at(ref, at)
    if (entry === null) throw notFound()
    return c.json(shown(entry, at ?? deps.clock.now()), 200)
  })

  app.openapi(getHistory, async (c) => {
    const { type, id } = c.req.valid('param')
    const { cursor = null, limit } = c.req.valid('query')
    const page = await runtime.history(await actorOf(deps, type, id), { cursor, limit })
    if (page.items.length === 0 && cursor === null) throw notFound()
    const data = page.items.map(presentEntry)
    return c.json({ object: 'list' as const, data, next_cursor: page.cursor }, 200)
  })

  app.openapi(getEntry, async (c) => {
    const { type, id, seq } = c.req.valid('param')
    const entry = await runtime.entry(await actorOf(deps, type, id), seq)
    if (entry === null) throw notFound()
    const outcomes = presentOutcomes(entry, await runtime.effectsOf(entry.actor, seq))
    const after = shown(entry, entry.committedAt)
    return c.json({ ...presentEntry(entry), after, outcomes }, 200)
  })

  app.openapi(sendEvent, async (c) => {
    const { type, id } = c.req.valid('param')
    const { event } = c.req.valid('json')
    const to = await actorOf(deps, type, id)
    const sendable = sendableTo(deps, type)
    if (!sendable.has(event.type)) {
      throw new Problem('event_not_sendable', { facts: { sendable: [...sendable].sort() } })
    }
    // An operator acts on what is there: an event to an unknown id would give birth to an actor.
    if ((await runtime.read(to)) === null) throw notFound()
    return c.json(presentEntry(await command(c, deps, { to, event })), 202)
  })
}

async function actorOf(deps: HttpDeps, type: string, id: string): Promise<ActorRef> {
  if (!Object.hasOwn(deps.charts, type)) throw notFound()
  const ref = refOf(type, id)
  return type === 'event' && !id.includes('~') ? newestOfEvent(deps, id) : ref
}

const copiesMax = 100

/**
 * The webhook with this id of the provider's, which stands before the digest of its content in its
 * actor's id; of several with other contents the one that came last.
 */
async function newestOfEvent({ runtime, store }: HttpDeps, eventId: string): Promise<ActorRef> {
  const page = { cursor: null, limit: copiesMax }
  const { items } = await store.actors('event', page, `${eventId}~`)
  const entries = await Promise.all(items.map((ref) => runtime.entry(ref, 1)))
  const [newest] = entries
    .filter((entry) => entry !== null)
    .sort((a, b) => compare(b.envelope.receivedAt, a.envelope.receivedAt))
  if (newest === undefined) throw notFound()
  return newest.actor
}

function compare(a: Instant, b: Instant): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** What an operator may send: requests, never an observation. */
function sendableTo({ charts }: HttpDeps, type: string): ReadonlySet<string> {
  return charts[type]?.requests ?? new Set()
}
