import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { HttpEnv } from '../env.ts'
import { Problem } from '../problem.ts'

export interface BodyLimits {
  /** In bytes. */
  readonly limitOf: (path: string) => number
  /** Hears of each that was refused. */
  readonly refused: (path: string) => void
}

/**
 * Refuses bodies of more than `limitOf(path)` bytes with 413, by their length where they say it.
 */
export function limitBody({ limitOf, refused }: BodyLimits): MiddlewareHandler<HttpEnv> {
  return (c, next) => {
    const limit = limitOf(c.req.path)
    const tooLarge = () => {
      refused(c.req.path)
      return new Problem('body_too_large', { facts: { limit } })
    }
    const declared = c.req.header('content-length')
    if (declared !== undefined && c.req.header('transfer-encoding') === undefined) {
      if (Number(declared) > limit) throw tooLarge()
      return next()
    }
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    // Counting costs three times the rest of a request, and is left to bodies that do not say their
    // length.
    const counted: MiddlewareHandler = bodyLimit({
      maxSize: limit,
      onError: () => {
        throw tooLarge()
      },
    })
    return counted(c, next)
  }
}
