import type { MiddlewareHandler } from 'hono'
import type { HttpEnv } from '../env.ts'
import { Problem } from '../problem.ts'

/** What was waited for goes on; nobody waits for it any longer. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
  readonly code = 'took_too_long'
}

/** As `work`, but rejects with `TookTooLong` when `ms` have passed first. */
export async function answeredWithin<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = withReject()
  const timer = setTimeout(() => reject(new TookTooLong(`no answer within ${ms} ms`)), ms)
  // Whatever it ends with later, somebody has been answered already.
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  return { promise, reject }
}

/**
 * Answers 503 where nothing has been answered within `ms`, whatever hangs below: whoever sent the
 * request learns that its outcome is not known before it gives up by itself. The work goes on, and
 * counts as work until it ends.
 */
export function answerWithin(options: {
  readonly ms: number
  /** Journeys of the sandbox's clock take as long as they take. */
  readonly isFree: (path: string) => boolean
}): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    if (options.isFree(c.req.path)) return next()
    try {
      await answeredWithin(options.ms, next())
      return undefined
    } catch (error) {
      if (!(error instanceof TookTooLong)) throw error
      throw new Problem('store_unavailable', { headers: { 'Retry-After': '5' }, cause: error })
    }
  }
}
