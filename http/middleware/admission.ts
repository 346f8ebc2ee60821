import type { MiddlewareHandler } from 'hono'
import type { HttpEnv } from '../env.ts'
import type { HttpMetrics } from '../operations/metrics.ts'
import { Problem } from '../problem.ts'

/**
 * What a request is to us when there are too many. A webhook that is turned away comes again by
 * itself, hours later, and confirms money: webhooks have the largest share. A command's caller is
 * there and can wait a second: commands are turned away first. A read costs nothing that queues,
 * and is always let in.
 */
export type Kind = 'webhook' | 'command' | 'read'

export interface AdmissionLimits {
  /** Bodies that are on their way at once: a slow sender takes none of the places below. */
  readonly bodies: number
  /** Webhooks that are being stored at once. */
  readonly webhooks: number
  /**
   * Commands at once while no webhook waits; what webhooks hold is taken off, down to
   * `commandsLeast`.
   */
  readonly commands: number
  readonly commandsLeast: number
  /** While what is inside takes longer than this, places are taken away, and given back after. */
  readonly targetMs: number
  /**
   * Beyond as much lag of the event loop, commands or webhooks wait outside, however few are in.
   */
  readonly commandLagMs: number
  readonly webhookLagMs: number
  /** The most seconds that `Retry-After` asks for. */
  readonly retrySecondsMax: number
}

/**
 * A door with places. What is let in is finished, and gives its place back when its work has ended.
 */
export function createAdmission(limits: AdmissionLimits, lagMs: () => number = () => 0) {
  const narrowing = createNarrowing(limits)
  const inside = { webhook: 0, command: 0, read: 0 }
  let bodies = 0
  let turnedAway = 0

  function placesFor(kind: Exclude<Kind, 'read'>): number {
    if (kind === 'webhook') return narrowing.of(limits.webhooks)
    const busy = Math.floor((limits.commands * inside.webhook) / limits.webhooks)
    return Math.max(limits.commandsLeast, narrowing.of(limits.commands) - busy)
  }

  /** What was let in goes on by itself, and delays everything that comes after it. */
  function hasTime(kind: Exclude<Kind, 'read'>): boolean {
    return lagMs() <= (kind === 'webhook' ? limits.webhookLagMs : limits.commandLagMs)
  }

  const hasPlace = (kind: Kind): boolean =>
    kind === 'read' || (inside[kind] < placesFor(kind) && hasTime(kind))

  return {
    hasPlace,
    /** False if there is no place: nothing of the request was done. */
    enter(kind: Kind): boolean {
      if (!hasPlace(kind)) return false
      inside[kind] += 1
      return true
    },
    /** `tookMs`: how long it was inside. */
    leave(kind: Kind, tookMs: number): void {
      inside[kind] -= 1
      narrowing.learn(tookMs)
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
    /**
     * One after the other, so that those that are turned away together do not come back together.
     */
    retrySeconds(): number {
      turnedAway += 1
      return 1 + (turnedAway % limits.retrySecondsMax)
    },
  }
}

/**
 * The share of all places that there is time for: a slow disk or a busy computer works off fewer at
 * once, and those beyond would only wait. Each that took too long takes a little of it away, each
 * that did not gives a little back, but a sixteenth is always there.
 */
function createNarrowing({ targetMs }: Pick<AdmissionLimits, 'targetMs'>) {
  let share = 1
  return {
    of: (places: number): number => Math.max(1, Math.floor(places * share)),
    learn(tookMs: number): void {
      share = tookMs > targetMs ? Math.max(1 / 16, share * 0.97) : Math.min(1, share + 0.005)
    },
  }
}

export type Admission = ReturnType<typeof createAdmission>

export function kindOf(method: string, path: string): Kind {
  if (path.startsWith('/webhooks/')) return 'webhook'
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'command'
}

/**
 * Lets a request in, or answers 503 for a webhook and 429 for a command, with `Retry-After`. A
 * place is taken when the whole body is there.
 */
export function admit({
  admission,
  metrics,
  nowMs,
}: {
  readonly admission: Admission
  readonly metrics: Pick<HttpMetrics, 'shed'>
  readonly nowMs: () => number
}): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const kind = kindOf(c.req.method, c.req.path)
    if (kind === 'read') return next()
    const isHere = admission.hasPlace(kind) && (await admission.receive(() => c.req.arrayBuffer()))
    if (!isHere || !admission.enter(kind)) {
      metrics.shed(kind)
      throw turnedAway(kind, admission.retrySeconds())
    }
    const beganMs = nowMs()
    try {
      await next()
      return undefined
    } finally {
      admission.leave(kind, nowMs() - beganMs)
    }
  }
}

/** A provider takes any 5xx for "come again"; 429 is the caller's own. */
function turnedAway(kind: Kind, seconds: number): Problem {
  const headers = { 'Retry-After': String(seconds) }
  return new Problem(kind === 'webhook' ? 'webhooks_waiting' : 'too_many_requests', { headers })
}
