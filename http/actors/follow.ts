import type { Entry } from '../../actors/journal/journal.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { HttpDeps } from '../deps.ts'
import type { Timers } from '../timers.ts'

/** Tells when one actor may have moved on. */
export interface Follower {
  /** Resolves at the next commit of this process, or after `waitMs`, or at once when stopped. */
  next(waitMs: number): Promise<void>
  stop(): void
}

export interface Following {
  /** Follow first and read after: then no commit between the two is missed. */
  follow(actor: ActorRef): Follower
  /**
   * The actor's newest entry once `holds` is true of it, or after `firstWordMs`, whichever comes
   * first. Looks at the store each `lookMs` too, for what another process committed.
   */
  readWhen(actor: ActorRef, holds: (entry: Entry) => boolean): Promise<Entry | null>
}

/**
 * Any number of followers over one subscription, so that a commit costs only those of its actor.
 */
export function createFollowing({
  runtime,
  limits,
  timers,
}: Pick<HttpDeps, 'runtime' | 'limits' | 'timers'>): Following {
  const followed = new Map<ActorRef, Set<() => void>>()
  runtime.subscribe((entry) => {
    for (const moved of followed.get(entry.actor) ?? []) moved()
  })

  function follow(actor: ActorRef): Follower {
    const signal = createSignal(timers)
    const others = followed.get(actor) ?? new Set()
    followed.set(actor, others.add(signal.raise))
    return {
      next: (waitMs) => signal.next(waitMs),
      stop() {
        others.delete(signal.raise)
        if (others.size === 0 && followed.get(actor) === others) followed.delete(actor)
        signal.end()
      },
    }
  }

  return {
    follow,
    async readWhen(actor, holds) {
      const follower = follow(actor)
      // A person waits, so this is the computer's time and not the platform's.
      const endMs = timers.nowMs() + limits.firstWordMs
      try {
        for (;;) {
          const entry = await runtime.read(actor)
          const leftMs = endMs - timers.nowMs()
          if (leftMs <= 0 || (entry !== null && holds(entry))) return entry
          await follower.next(Math.min(leftMs, limits.lookMs))
        }
      } finally {
        follower.stop()
      }
    },
  }
}

/** Remembers that it was raised until somebody has waited for it. */
function createSignal(timers: Timers) {
  let isRaised = false
  let hasEnded = false
  let wake: (() => void) | null = null

  function raise(): void {
    isRaised = true
    wake?.()
  }

  return {
    raise,
    end(): void {
      hasEnded = true
      raise()
    },
    async next(waitMs: number): Promise<void> {
      if (!isRaised && !hasEnded) {
        await new Promise<void>((resolve) => {
          const callOff = timers.after(waitMs, resolve)
          wake = () => {
            callOff()
            resolve()
          }
        })
        wake = null
      }
      isRaised = false
    },
  }
}
