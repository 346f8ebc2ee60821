import { z } from 'zod'
import type { JsonObject } from '../../../values/json.ts'
import type { StripeObject } from '../../kernel/objects.ts'
import { notFound } from './failure.ts'
import { integer, text, timestamp } from './parameters.ts'

const range = z.strictObject({
  gt: timestamp.optional(),
  gte: timestamp.optional(),
  lt: timestamp.optional(),
  lte: timestamp.optional(),
})
const Created = z.union([timestamp, range])

/** What every list endpoint takes; spread it into the endpoint's own `z.strictObject`. */
export const listParameters = {
  limit: integer.refine((value) => value >= 1 && value <= 100).default(10),
  starting_after: text.optional(),
  ending_before: text.optional(),
  created: Created.optional(),
}

export interface ListRequest {
  readonly limit: number
  readonly starting_after?: string | undefined
  readonly ending_before?: string | undefined
  readonly created?: z.infer<typeof Created> | undefined
}

function wasCreated(when: ListRequest['created'], at: number): boolean {
  if (when === undefined) return true
  if (typeof when === 'number') return at === when
  const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = when
  return at > gt && at >= gte && at < lt && at <= lte
}

export interface Listing {
  /** All that the filters let through, oldest first. */
  readonly objects: readonly StripeObject[]
  readonly request: ListRequest
  /** The endpoint's path, such as `/v1/customers`. */
  readonly url: string
}

/** A page, newest first, as a Stripe list. Throws 400 if the cursor names nothing in the list. */
export function paginate({ objects, request, url }: Listing): JsonObject {
  const newestFirst = objects
    .filter((object) => wasCreated(request.created, object.created))
    .toReversed()
  const { limit, starting_after: after, ending_before: before } = request

  const place = (cursor: string, param: string) => {
    const index = newestFirst.findIndex((object) => object.id === cursor)
    if (index < 0) throw notFound(newestFirst[0]?.object ?? 'object', cursor, param)
    return index
  }

  if (before !== undefined) {
    const end = place(before, 'ending_before')
    const start = Math.max(0, end - limit)
    return listOf(newestFirst.slice(start, end), start > 0, url)
  }
  const start = after === undefined ? 0 : place(after, 'starting_after') + 1
  const data = newestFirst.slice(start, start + limit)
  return listOf(data, start + limit < newestFirst.length, url)
}

/** A Stripe list object of these, in this order. */
export function listOf(
  data: readonly JsonObject[],
  hasMore: boolean,
  url: string,
): { object: string; data: JsonObject[]; has_more: boolean; url: string } {
  return { object: 'list', data: [...data], has_more: hasMore, url }
}
