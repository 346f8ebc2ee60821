import { createRoute, z } from '@hono/zod-openapi'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Following } from '../actors/follow.ts'
import { seenSubscription } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { access } from '../middleware/auth.ts'
import { Problem } from '../problem.ts'
import { presentSubscription } from '../resources/subscription.ts'
import { IdParams, problemResponses } from '../resources/wire.ts'

const streamSubscription = createRoute({
  ...access('dashboard', 'admin'),
  method: 'get',
  path: '/v1/subscriptions/{id}/stream',
  tags: ['Subscriptions'],
  summary: 'Each change of a subscription, as it is confirmed (server-sent events)',
  description:
    'Begins with the state as it is now, and sends one event `subscription` per change, whose ' +
    'data is the resource and whose id is the number of its journal entry. With Last-Event-ID ' +
    'it goes on after that entry. Comments keep the connection alive.',
  request: {
    params: IdParams,
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,15}$/, 'must be the id of an event of this stream')
        .optional(),
    }),
  },
  responses: {
    200: {
      description: 'The stream; it ends when the client goes',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problemResponses('not_found', 'invalid_request', 'too_many_requests'),
  },
})

/** The routes of this area, from which a typed client is made. */
export const subscriptionStreamRoutes = { streamSubscription } as const

export function mountSubscriptionStream(app: App, deps: HttpDeps, following: Following): void {
  const places = createPlaces(deps.limits)
  app.openapi(streamSubscription, async (c) => {
    const { entry, shown } = await seenSubscription(c, deps, c.req.valid('param').id)
    const { account } = shown
    const lastId = c.req.valid('header')['last-event-id']
    // A proxy that gathers the stream would hold events back.
    c.header('X-Accel-Buffering', 'no')
    // Nobody would read the body of a HEAD, nor end it.
    if (c.req.method === 'HEAD') {
      c.header('Content-Type', 'text/event-stream')
      c.header('Cache-Control', 'no-cache')
      return c.body(null, 200)
    }
    if (!places.take(account)) {
      throw new Problem('too_many_requests', { headers: { 'Retry-After': '5' } })
    }
    deps.metrics.streamOpened()
    return streamSSE(c, async (stream) => {
      try {
        await send(
          stream,
          { ...deps, following },
          {
            from: entry,
            after: lastId === undefined ? null : Number(lastId),
          },
        )
      } catch (error) {
        deps.log.warn('stream.failed', { requestId: c.var.requestId, error: String(error) })
      } finally {
        places.give(account)
        deps.metrics.streamClosed()
      }
    })
  })
}

/** Streams of this process, and of each account. */
function createPlaces(limits: Pick<HttpDeps['limits'], 'streams' | 'streamsPerAccount'>) {
  const open = new Map<string, number>()
  let all = 0
  return {
    take(account: string): boolean {
      const own = open.get(account) ?? 0
      if (all >= limits.streams || own >= limits.streamsPerAccount) return false
      all += 1
      open.set(account, own + 1)
      return true
    },
    give(account: string): void {
      const left = (open.get(account) ?? 1) - 1
      all -= 1
      if (left === 0) open.delete(account)
      else open.set(account, left)
    },
  }
}

/**
 * Sends the newest state, or every change after `after`, and then each change until the client
 * goes.
 */
async function send(
  stream: SSEStreamingApi,
  deps: HttpDeps & { following: Following },
  { from, after }: { from: Entry; after: number | null },
): Promise<void> {
  const { looksPerHeartbeat, lookMs, resumedChanges } = deps.limits
  const follower = deps.following.follow(from.actor)
  stream.onAbort(() => follower.stop())
  const resumes = after !== null && after <= from.seq && from.seq - after <= resumedChanges
  let sent = resumes ? after : from.seq
  let looks = 0
  try {
    if (!resumes) await write(stream, from)
    while (!stream.aborted && !stream.closed) {
      const head = await deps.runtime.read(from.actor)
      while (head !== null && sent < head.seq) {
        const entry = await deps.runtime.entry(from.actor, sent + 1)
        if (entry?.changed) await write(stream, entry)
        sent += 1
      }
      await follower.next(lookMs)
      looks += 1
      if (looks % looksPerHeartbeat === 0) await stream.write(': still here\n\n')
    }
  } finally {
    follower.stop()
  }
}

async function write(stream: SSEStreamingApi, entry: Entry): Promise<void> {
  const shown = presentSubscription(entry)
  if (shown === null) return
  await stream.writeSSE({
    event: 'subscription',
    id: String(entry.seq),
    data: JSON.stringify(shown),
  })
}
