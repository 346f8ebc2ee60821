import type { MiddlewareHandler } from 'hono'
import { nestingOf } from '../../values/json-depth.ts'
import type { HttpEnv } from '../env.ts'
import { Problem } from '../problem.ts'

/**
 * Refuses JSON bodies that are not UTF-8, or lie deeper than `levels`, before anything parses them.
 * Bodies of webhooks are left to who verifies them, and those that come without a key to the 401.
 */
export function readableBody(levels: number): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const type = c.req.header('content-type') ?? ''
    if (c.var.principal !== null && type.includes('json')) {
      const text = textOf(await c.req.arrayBuffer())
      if (nestingOf(text) > levels) throw new Problem('body_too_deep', { facts: { limit: levels } })
    }
    return next()
  }
}

function textOf(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Problem('body_not_json', { detail: 'The body is not UTF-8.', cause: error })
  }
}
