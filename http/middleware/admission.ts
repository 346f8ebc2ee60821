import type { MiddlewareHandler } from 'hono'
import type { HttpEnv } from '../env.ts'
import type { HttpMetrics } from '../operations/metrics.ts'
import { Problem } from '../problem.ts'

/**
 * What a request is to us when there are too many. A webhook that is turned away comes again by itself, hours later,
 * and confirms money: webhooks have the largest share. A command's caller is there and can wait a second: commands are
 * turned away first. A read costs nothing that queues, and is always let in.
 */
export type Kind = 'webhook' | 'command' | 'read'

export interface AdmissionLimits {
  /** Bodies that are on their way at once: a slow sender takes none of the places below. */
  readonly bodies: number
  /** Webhooks that are being stored at once. */
  readonly webhooks: number
  /** Commands at once while no webhook waits; what webhooks hold is taken off, down to `commandsLeast`. */
  readonly commands: number
  readonly commandsLeast: number
  /** The most seconds that `Retry-After` asks for. */
  readonly retrySecondsMax: number
}

/** A door with places. What is let in is finished, and gives its place back when its work has ended. */
export function createAdmission(limits: AdmissionLimits) {
  const inside = { webhook: 0, command: 0, read: 0 }
  let bodies = 0
  let turnedAway = 0

  function placesFor(kind: Exclude<Kind, 'read'>): number {
    if (kind === 'webhook') return limits.webhooks
    const busy = Math.floor((limits.commands * inside.webhook) / limits.webhooks)
    return Math.max(limits.commandsLeast, limits.commands - busy)
  }

  const hasPlace = (kind: Kind): boolean => kind === 'read' || inside[kind] < placesFor(kind)

  return {
    hasPlace,
    /** False if there is no place: nothing of the request was done. */
    enter(kind: Kind): boolean {
      if (!hasPlace(kind)) return false
      inside[kind] += 1
      return true
    },
    leave(kind: Kind): void {
      inside[kind] -= 1
    },
    inside: (kind: Kind): number => inside[kind],
    /** False if too many bodies are on their way, and this one was not read. */
    async receive(read: () => Promise<unknown>): Promise<boolean> {
      if (bodies >= limits.bodies) return false
      bodies += 1
      try {
        await read()
        return true
      } finally {
        bodies -= 1
      }
    },
    bodies: () => bodies,
    /** One after the other, so that those that are turned away together do not come back together. */
    retrySeconds(): number {
      turnedAway += 1
      return 1 + (turnedAway % limits.retrySecondsMax)
    },
  }
}

export type Admission = ReturnType<typeof createAdmission>

export function kindOf(method: string, path: string): Kind {
  if (path.startsWith('/webhooks/')) return 'webhook'
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'command'
}

/**
 * Lets a request in, or answers 503 for a webhook and 429 for a command, with `Retry-After`. A place is taken when
 * the whole body is there.
 */
export function admit({
  admission,
  metrics,
}: {
  readonly admission: Admission
  readonly metrics: Pick<HttpMetrics, 'shed'>
}): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const kind = kindOf(c.req.method, c.req.path)
    if (kind === 'read') return next()
    const isHere = admission.hasPlace(kind) && (await admission.receive(() => c.req.arrayBuffer()))
    if (!isHere || !admission.enter(kind)) {
      metrics.shed(kind)
      throw turnedAway(kind, admission.retrySeconds())
    }
    try {
      await next()
      return undefined
    } finally {
      admission.leave(kind)
    }
  }
}

/** A provider takes any 5xx for "come again"; 429 is the caller's own. */
function turnedAway(kind: Kind, seconds: number): Problem {
  const headers = { 'Retry-After': String(seconds) }
  return new Problem(kind === 'webhook' ? 'webhooks_waiting' : 'too_many_requests', { headers })
}
