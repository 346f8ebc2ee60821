import { z } from '@hono/zod-openapi'
import { problemType } from '../problem-body.ts'
import type { ProblemCode } from '../problem-code.ts'
import { problemCodes, problems } from '../problem.ts'

// The small parts that every resource is written with. JSON members are snake_case, as Stripe's
// are.

export const WireInstant = z.string().openapi('Instant', {
  format: 'date-time',
  description: 'A moment in UTC, with milliseconds.',
  example: '2026-01-31T00:00:00.000Z',
})

/** Any JSON object, as the journal holds it. */
export const AnyObject = z.record(z.string(), z.unknown()).openapi({
  type: 'object',
  additionalProperties: true,
})

export const WireCurrency = z.string().openapi({
  description: 'ISO 4217, in lower case.',
  example: 'usd',
})

export const WireAmount = z.int().openapi({
  description: 'In the minor unit of its currency, such as cents.',
  example: 2900,
})

export const IdParams = z.strictObject({
  // One that is too long is unknown, and gets the 404 of any other.
  id: z.string().openapi({ param: { name: 'id', in: 'path' } }),
})

export const PageQuery = {
  cursor: z.string().min(1).max(1_000).optional().openapi({
    description: 'The `next_cursor` of the page before.',
  }),
  limit: z.coerce.number().int().min(1).max(100).default(20).openapi({ type: 'integer' }),
}

/** One page of `item`. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    next_cursor: z.string().nullable().openapi({ description: 'Null on the last page.' }),
  })
}

export const WireProblem = z
  .object({
    type: z.string().openapi({ example: '/docs/errors#not_found' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(problemCodes()),
    detail: z.string(),
    instance: z.string().openapi({ description: 'The X-Request-Id of the request.' }),
  })
  .openapi('Problem', { additionalProperties: true })

/**
 * The part of a route that lists how it may say no: one response per status, with an example per
 * code.
 */
export function problemResponses(...codes: readonly ProblemCode[]) {
  const always: readonly ProblemCode[] = [
    'unauthorized',
    'forbidden',
    'store_unavailable',
    'store_damaged',
  ]
  return answersOf([...always, ...codes])
}

/** As `problemResponses`, for routes that need no key. */
export function publicProblemResponses(...codes: readonly ProblemCode[]) {
  return answersOf(codes)
}

/** As `problemResponses`, for a POST with a JSON body and an Idempotency-Key. */
export function postProblemResponses(...codes: readonly ProblemCode[]) {
  return problemResponses(
    'body_not_json',
    'body_too_deep',
    'body_too_large',
    'content_type_unsupported',
    'invalid_request',
    'idempotency_key_invalid',
    'idempotency_key_in_use',
    'idempotency_key_reused',
    'actor_parked',
    'actor_busy',
    'too_many_requests',
    ...codes,
  )
}

function answersOf(codes: readonly ProblemCode[]) {
  const statuses = new Set(codes.map((code) => problems[code].status))
  return Object.fromEntries(
    [...statuses].map((status) => [
      String(status),
      answer(codes.filter((code) => problems[code].status === status)),
    ]),
  )
}

function answer(codes: readonly ProblemCode[]) {
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]))
  return {
    description: codes.map((code) => problems[code].title).join('; '),
    content: { [problemType]: { schema: WireProblem, examples } },
  }
}

function exampleOf(code: ProblemCode) {
  const { status, title, happened } = problems[code]
  const instance = '019e8a3c-7d1f-7c8e-9d0a-3f6b1c2d4e5f'
  return { type: `/docs/errors#${code}`, title, status, code, detail: happened, instance }
}

/** The Idempotency-Key of a POST, for the document; `idempotency.ts` reads it. */
export const KeyHeader = z.object({
  'idempotency-key': z.string().optional().openapi({
    description: 'Makes the request take effect once, however often it is sent.',
    example: '5f0c2f0e-6f0b-4c0e-8f56-0e4f8a1f2c3d',
  }),
})

export const OperatorHeader = KeyHeader.extend({
  'x-operator': z.string().optional().openapi({
    description: 'The person who acts; required, and kept in the audit trail.',
    example: 'maria',
  }),
})

/** A JSON answer. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { content: { 'application/json': { schema } }, description }
}

/** A required JSON body. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}
