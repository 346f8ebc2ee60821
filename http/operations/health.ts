import { createRoute, z } from '@hono/zod-openapi'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { Problem } from '../problem.ts'
import { json, publicProblemResponses } from '../resources/wire.ts'
import { runChecks } from './checks.ts'

const WireHealth = z.object({ status: z.literal('ok') }).openapi('Health')

const WireReadiness = z
  .object({
    status: z.literal('ok'),
    checks: z.array(
      z.object({
        name: z.enum(['store', 'scheduler', 'provider']),
        state: z.enum(['ok', 'failing', 'degraded']).openapi({
          description: 'degraded: it can work, and something waits for a person.',
        }),
        code: z.string().nullable(),
        detail: z.string().nullable(),
        remedy: z.string().nullable(),
      }),
    ),
  })
  .openapi('Readiness')

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['Operations'],
  security: [],
  summary: 'Whether the process is up',
  responses: { 200: json(WireHealth, 'It is') },
})

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['Operations'],
  security: [],
  summary: 'Whether it can work: the store writes, timers fire, effects are delivered',
  responses: { 200: json(WireReadiness, 'It can'), ...publicProblemResponses('not_ready') },
})

const getMetrics = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Operations'],
  security: [],
  summary: "Its numbers, in Prometheus' text format",
  responses: {
    200: { description: 'The numbers', content: { 'text/plain': { schema: z.string() } } },
  },
})

/** The routes of this area, from which a typed client is made. */
export const operationRoutes = { healthz, readyz, getMetrics } as const

export function mountHealth(app: App, deps: HttpDeps): void {
  const { metrics } = deps

  app.openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))

  app.openapi(readyz, async (c) => {
    const checks = [...(await runChecks(deps))]
    const failing = checks.filter(({ state }) => state === 'failing').map(({ name }) => name)
    if (failing.length > 0) {
      const facts = { failing, checks: checks.map((check) => ({ ...check })) }
      throw new Problem('not_ready', { facts, headers: { 'Retry-After': '5' } })
    }
    return c.json({ status: 'ok' as const, checks }, 200)
  })

  app.openapi(getMetrics, async (c) => {
    return c.text(await metrics.text(), 200, { 'Content-Type': metrics.contentType })
  })
}
