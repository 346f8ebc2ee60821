import type { Context } from 'hono'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Principal } from './principal.ts'
import { Problem } from './problem.ts'

/** What the middleware leaves for the routes. */
export interface HttpEnv {
  Variables: {
    /** From X-Request-Id, or new: the correlation id of all that the request leads to. */
    requestId: string
    principal: Principal | null
    /**
     * Where envelope ids and new resource ids come from: derived from the Idempotency-Key where one
     * was given, so that a repeated request meets its own first try.
     */
    idempotencyScope: string | null
  }
}

export type App = OpenAPIHono<HttpEnv>

/** Of a route that is behind `access`. */
export function principalOf(c: Pick<Context<HttpEnv>, 'var'>): Principal {
  const { principal } = c.var
  if (principal === null) throw new Problem('unauthorized')
  return principal
}
