import { createRoute, z } from '@hono/zod-openapi'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { Problem } from '../problem.ts'
import { json, openNoes } from '../resources/wire.ts'

const WireHealth = z.object({ status: z.literal('ok') }).openapi('Health')

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
  responses: { 200: json(WireHealth, 'It can'), ...openNoes('not_ready') },
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

export function mountHealth(app: App, deps: HttpDeps): void {
  const { store, scheduler, metrics, log } = deps

  app.openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))

  app.openapi(readyz, async (c) => {
    const [storeWorks, schedulerWorks] = await Promise.allSettled([store.ping(), scheduler.ready()])
    const parts = { store: storeWorks, scheduler: schedulerWorks }
    const failing = Object.entries(parts).flatMap(([part, { status }]) =>
      status === 'rejected' ? [part] : [],
    )
    if (failing.length > 0) {
      log.warn('health.not_ready', { failing })
      throw new Problem('not_ready', { facts: { failing }, headers: { 'Retry-After': '5' } })
    }
    return c.json({ status: 'ok' as const }, 200)
  })

  app.openapi(getMetrics, async (c) => {
    return c.text(await metrics.text(), 200, { 'Content-Type': metrics.contentType })
  })
}
