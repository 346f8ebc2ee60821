import { createRoute, z } from '@hono/zod-openapi'
import { Temporal } from 'temporal-polyfill'
import { ZodError } from 'zod'
import { instant, isInstant, plusMs, type Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import type { HttpDeps, SandboxControls } from '../deps.ts'
import type { App } from '../env.ts'
import { wideAccess } from '../middleware/auth.ts'
import { invalidField, invalidRequest } from '../middleware/validation.ts'
import { Problem } from '../problem.ts'
import {
  AnyObject,
  json,
  jsonBody,
  KeyHeader,
  problemResponses,
  postProblemResponses,
  WireInstant,
} from '../resources/wire.ts'

const Advance = z
  .strictObject({
    by: z
      .union([z.int().positive(), z.string().max(100)])
      .optional()
      .openapi({ description: 'Seconds, or an ISO 8601 duration.', example: 'P1M' }),
    to: z
      .custom<Instant>(isInstant, 'must be a UTC instant such as 2026-01-31T00:00:00.000Z')
      .optional()
      .openapi({ type: 'string', format: 'date-time' }),
  })
  .refine(({ by, to }) => (by === undefined) !== (to === undefined), {
    message: 'needs exactly one of `by` and `to`',
  })
  .openapi('AdvanceClock')

const Dial = z
  .custom<JsonObject>((value) => typeof value === 'object' && value !== null, 'must be an object')
  .openapi('ChaosDial', {
    type: 'object',
    additionalProperties: true,
    example: {
      seed: 'a',
      duplicate: 1,
      shuffle: true,
      delayMaxSeconds: 86_400,
      dropUntilRetry: 0.33,
    },
  })

const WireClock = z
  .object({ object: z.literal('sandbox_clock'), now: WireInstant })
  .openapi('SandboxClock')

const getSandbox = createRoute({
  ...wideAccess('dashboard', 'admin'),
  method: 'get',
  path: '/sandbox',
  tags: ['Sandbox'],
  summary: 'The clock and the chaos dial',
  responses: {
    200: json(
      z
        .object({ object: z.literal('sandbox'), now: WireInstant, chaos: AnyObject })
        .openapi('Sandbox'),
      'As they stand',
    ),
    ...problemResponses(),
  },
})

const advanceClock = createRoute({
  ...wideAccess('dashboard', 'admin'),
  method: 'post',
  path: '/sandbox/clock/advance',
  tags: ['Sandbox'],
  summary: 'Moves every clock of the sandbox forward, 20 years at the most',
  request: { headers: KeyHeader, body: jsonBody(Advance) },
  responses: {
    200: json(WireClock, 'Moved, with all that came due on the way'),
    ...postProblemResponses('clock_backwards'),
  },
})

const setChaos = createRoute({
  ...wideAccess('dashboard', 'admin'),
  method: 'post',
  path: '/sandbox/chaos',
  tags: ['Sandbox'],
  summary: 'Sets how badly the network to the simulated providers behaves',
  request: { headers: KeyHeader, body: jsonBody(Dial) },
  responses: { 200: json(AnyObject, 'The dial as it stands now'), ...postProblemResponses() },
})

/** The routes of this area, from which a typed client is made. */
export const sandboxRoutes = { getSandbox, advanceClock, setChaos } as const

/** Only where there is a sandbox: elsewhere these routes do not exist. */
export function mountSandbox(app: App, sandbox: HttpDeps['sandbox']): void {
  if (sandbox === null) return

  app.openapi(getSandbox, (c) =>
    c.json({ object: 'sandbox' as const, now: sandbox.now(), chaos: sandbox.chaos() }, 200),
  )

  app.openapi(advanceClock, async (c) => {
    const { by, to } = c.req.valid('json')
    const field = to === undefined ? 'by' : 'to'
    const now = await advance(sandbox, { to: to ?? later(sandbox.now(), by ?? 0), field })
    return c.json({ object: 'sandbox_clock' as const, now }, 200)
  })

  app.openapi(setChaos, (c) => {
    try {
      return c.json(sandbox.setChaos(c.req.valid('json')), 200)
    } catch (error) {
      throw error instanceof ZodError ? invalidRequest(error, 'body') : error
    }
  })
}

async function advance(
  sandbox: SandboxControls,
  { to, field }: { to: Instant; field: 'by' | 'to' },
): Promise<Instant> {
  try {
    return (await sandbox.advanceTo(to)).now
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'clock_too_far') throw invalidField('body', [field], error.message)
    if (error.code !== 'clock_backwards') throw error
    throw new Problem('clock_backwards', { facts: { now: sandbox.now() }, cause: error })
  }
}

/** Months and years are those of the calendar, in UTC. */
function later(now: Instant, by: string | number): Instant {
  try {
    if (typeof by === 'number') return plusMs(now, by * 1_000)
    const moved = Temporal.Instant.from(now).toZonedDateTimeISO('UTC').add(by)
    return instant(moved.epochMilliseconds)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalidField(
      'body',
      ['by'],
      'must be seconds, or an ISO 8601 duration such as P1M, and not beyond the year 9999',
    )
  }
}
