import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { uuidv7 } from 'uuidv7'
import type { Log } from '../../actors/ports.ts'
import type { HttpEnv } from '../env.ts'
import type { HttpMetrics } from '../operations/metrics.ts'

const idForm = /^[\w.:-]{1,100}$/

/** Gives each request its id, and writes one log line and one metric of it. */
export function observe({
  log,
  metrics,
}: {
  log: Log
  metrics: HttpMetrics
}): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const given = c.req.header('x-request-id')
    const requestId = given !== undefined && idForm.test(given) ? given : uuidv7()
    c.set('requestId', requestId)
    c.set('principal', null)
    c.set('idempotencyScope', null)
    // Before `next`: a header that is set after it makes Hono build the response again.
    c.header('X-Request-Id', requestId)
    const startedMs = performance.now()
    await next()
    const tookMs = Math.round(performance.now() - startedMs)
    const route = routeOf(routePath(c, -1))
    const { method } = c.req
    const { status } = c.res
    metrics.request({ method, route, status, tookMs })
    const key = c.var.principal?.key ?? null
    log.info('request.answered', { requestId, method, route, status, tookMs, key })
  }
}

/** The route's pattern; never the path, which holds ids. */
function routeOf(pattern: string): string {
  return pattern === '' || pattern.endsWith('*') ? 'unmatched' : pattern
}
