import { z } from 'zod'
import { textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import type { Ground } from '../../kernel/state.ts'
import { notFound } from '../api/failure.ts'
import { listParameters, paginate } from '../api/lists.ts'
import { flag, parse, text } from '../api/parameters.ts'
import type { Part } from '../api/parts.ts'
import { snapshotIdOf, thinNotification } from './thin-events.ts'

/** How far back the API shows events. */
export const shownSeconds = 30 * 24 * 3600

const ListInput = z.strictObject({
  ...listParameters,
  type: text.optional(),
  types: z.array(text).max(20).optional(),
  /** Events whose webhooks were all answered (true), or not (false). */
  delivery_success: flag.optional(),
})

const ThinListInput = z.strictObject({
  limit: listParameters.limit,
  object_id: text.optional(),
  types: z.array(text).optional(),
  page: text.optional(),
})

function matches(type: string, pattern: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

export function createEvents(state: Ground): Part {
  const table = state.table('event')

  const isShown = (event: StripeObject) => event.created > state.now() - shownSeconds

  // Nothing older than the log's reach is ever shown, so the oldest go as new ones come.
  state.onEvent(() => {
    for (let oldest = table.first(); oldest !== undefined; oldest = table.first()) {
      if (isShown(oldest)) return
      table.remove(oldest.id)
    }
  })

  function eventOf(id: string): StripeObject {
    const event = table.get(id)
    if (event === undefined || !isShown(event)) throw notFound('event', id)
    return event
  }

  function notifications() {
    return table.all().flatMap((event) => {
      const notification = isShown(event) ? thinNotification(event) : null
      return notification === null ? [] : [notification]
    })
  }

  return {
    routes: [
      {
        method: 'GET',
        path: '/v1/events',
        handle({ input }) {
          const request = parse(ListInput, input)
          const wanted = request.types ?? (request.type === undefined ? null : [request.type])
          const objects = table.all().filter((event) => {
            const type = textAt(event, 'type') ?? ''
            if (!isShown(event)) return false
            const done = event['pending_webhooks'] === 0
            if (request.delivery_success !== undefined && request.delivery_success !== done)
              return false
            return wanted === null || wanted.some((pattern) => matches(type, pattern))
          })
          return paginate({ objects, request, url: '/v1/events' })
        },
      },
      { method: 'GET', path: '/v1/events/:id', handle: ({ param }) => eventOf(param('id')) },
      {
        method: 'GET',
        path: '/v2/core/events',
        handle({ input }) {
          const { limit, object_id: id, types, page = '0' } = parse(ThinListInput, input)
          const start = Number(page)
          const found = notifications()
            .toReversed()
            .filter((event) => id === undefined || textAt(event, 'related_object.id') === id)
            .filter((event) => types === undefined || types.includes(textAt(event, 'type') ?? ''))
          const end = start + limit
          const next = end < found.length ? `/v2/core/events?limit=${limit}&page=${end}` : null
          return {
            data: found.slice(start, end),
            next_page_url: next,
            previous_page_url: null,
          }
        },
      },
      {
        method: 'GET',
        path: '/v2/core/events/:id',
        handle({ param }) {
          const id = param('id')
          const notification = thinNotification(eventOf(snapshotIdOf(id)))
          if (notification === null) throw notFound('event', id)
          return notification
        },
      },
    ],
  }
}
