import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { HttpEnv } from '../env.ts'
import { Problem } from '../problem.ts'

/**
 * Refuses bodies of more than `limitOf(path)` bytes with 413, by their length where they say it.
 */
export function limitBody(limitOf: (path: string) => number): MiddlewareHandler<HttpEnv> {
  return (c, next) => {
    const limit = limitOf(c.req.path)
    const declared = c.req.header('content-length')
    if (declared !== undefined && c.req.header('transfer-encoding') === undefined) {
      if (Number(declared) > limit) throw tooLarge(limit)
      return next()
    }
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    // Counting costs three times the rest of a request, and is left to bodies that do not say their
    // length.
    const counted: MiddlewareHandler = bodyLimit({
      maxSize: limit,
      onError: () => {
        throw tooLarge(limit)
      },
    })
    return counted(c, next)
  }
}

function tooLarge(limit: number): Problem {
  return new Problem('body_too_large', { facts: { limit } })
}
