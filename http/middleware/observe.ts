import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { uuidv7 } from 'uuidv7'
import type { Log } from '../../actors/ports.ts'
import type { HttpEnv } from '../env.ts'
import type { HttpMetrics } from '../operations/metrics.ts'

const idForm = /^[\w.:-]{1,100}$/

interface ObserveParts {
  readonly log: Log
  readonly metrics: HttpMetrics
}

interface RequestAnswer {
  readonly requestId: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly startedMs: number
  readonly key: string | null
}

/** The one that was sent, if it is fit for logs, or a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && idForm.test(given) ? given : uuidv7()
}

/** One log line and one metric of an answered request. */
export function tellAnswered({ log, metrics }: ObserveParts, answered: RequestAnswer): void {
  const { requestId, method, route, status, startedMs, key } = answered
  const tookMs = Math.round(performance.now() - startedMs)
  metrics.request({ method, route, status, tookMs })
  log.info('request.answered', { requestId, method, route, status, tookMs, key })
}

/** Gives each request its id, and writes one log line and one metric of it. */
export function observe(parts: ObserveParts): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const requestId = requestIdOf(c.req.header('x-request-id'))
    c.set('requestId', requestId)
    c.set('principal', null)
    c.set('idempotencyScope', null)
    // Before `next`: a header that is set after it makes Hono build the response again.
    c.header('X-Request-Id', requestId)
    const startedMs = performance.now()
    await next()
    const route = routeOf(routePath(c, -1))
    const { method } = c.req
    const { status } = c.res
    const key = c.var.principal?.key ?? null
    tellAnswered(parts, { requestId, method, route, status, startedMs, key })
  }
}

/** The route's pattern; never the path, which holds ids. */
function routeOf(pattern: string): string {
  return pattern === '' || pattern.endsWith('*') ? 'unmatched' : pattern
}
