import { createHash } from 'node:crypto'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { z } from 'zod'
import type { Clock } from '../../actors/ports.ts'
import type { HttpStore } from '../deps.ts'
import type { HttpEnv } from '../env.ts'
import { Problem } from '../problem.ts'

/** An answer as it is kept. */
const Kept = z.object({
  status: z.int(),
  body: z.string(),
  contentType: z.string(),
  location: z.string().nullable(),
})

const keyForm = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/

/**
 * Makes a POST with an Idempotency-Key take effect once: a repeated one gets the first answer
 * again. Kept are answers that decided something (2xx, and refusals); after any
 * other, the key is free. Keys belong to whoever sends them and to the route: `(API key, method,
 * path)`.
 */
export function idempotent(deps: {
  store: HttpStore
  clock: Clock
  leaseMs: number
}): MiddlewareHandler<HttpEnv> {
  const { store, clock, leaseMs } = deps
  // What runs in this process is known to be running, however far a sandbox's clock has jumped
  // since.
  const running = new Set<string>()

  async function once(c: Context<HttpEnv>, scope: string, next: Next): Promise<void> {
    running.add(scope)
    try {
      c.set('idempotencyScope', scope)
      await next()
      await keepOrForget(c, { store, scope })
    } finally {
      running.delete(scope)
    }
  }

  return async (c, next) => {
    const key = c.req.header('idempotency-key')
    const { principal } = c.var
    if (c.req.method !== 'POST' || key === undefined || principal === null) return next()
    if (!keyForm.test(key)) throw new Problem('idempotency_key_invalid')
    const scope = sha256(JSON.stringify([principal.key, 'POST', c.req.path, key]))
    const bodyHash = sha256(`${new URL(c.req.url).search}\n${await c.req.text()}`)
    if (running.has(scope)) throw inUse()
    const begun = await store.beginRequest(scope, bodyHash, clock.now(), leaseMs)
    switch (begun.outcome) {
      case 'begun':
        return once(c, scope, next)
      case 'running':
        throw inUse()
      case 'other_body':
        throw new Problem('idempotency_key_reused')
      case 'answered':
        return replay(c, Kept.parse(begun.answer))
    }
  }
}

function inUse(): Problem {
  return new Problem('idempotency_key_in_use', { headers: { 'Retry-After': '1' } })
}

async function keepOrForget(
  c: Context<HttpEnv>,
  { store, scope }: { store: HttpStore; scope: string },
): Promise<void> {
  const { error, res } = c
  const decided = error === undefined ? res.ok : error instanceof Problem && error.isRefusal
  if (!decided) return store.forgetRequest(scope)
  await store.finishRequest(scope, {
    status: res.status,
    body: await res.clone().text(),
    contentType: res.headers.get('content-type') ?? 'application/json',
    location: res.headers.get('location'),
  })
}

function replay(c: Context<HttpEnv>, kept: z.infer<typeof Kept>): Response {
  c.header('Idempotency-Replayed', 'true')
  c.header('Content-Type', kept.contentType)
  if (kept.location !== null) c.header('Location', kept.location)
  return new Response(kept.body, { status: kept.status, headers: c.res.headers })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
