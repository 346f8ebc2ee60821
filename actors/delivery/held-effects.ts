import type { Instant } from '../../values/instant.ts'
import { laneOf } from './lanes.ts'
import type { ClaimedEffect } from '../ports.ts'

/**
 * How many effects may be started now: of any lane, and of those at most so many calls to
 * providers.
 */
export interface Places {
  readonly free: number
  readonly calls: number
}

/**
 * Effects that this process has claimed in the write that committed them, waiting for a place.
 * Internal work does not wait behind calls to providers.
 */
export function createHeldEffects() {
  let internal: ClaimedEffect[] = []
  let external: ClaimedEffect[] = []

  return {
    get size(): number {
      return internal.length + external.length
    },
    add(claims: readonly ClaimedEffect[]): void {
      for (const claim of claims) {
        ;(laneOf(claim.effect) === 'internal' ? internal : external).push(claim)
      }
    },
    /**
     * Takes what has a place, oldest first. What has waited so long that its lease ends before
     * `until` is dropped: it can be claimed from the store like anything else. `dropped` says
     * whether there was any.
     */
    take({ free, calls }: Places, until: Instant): { claims: ClaimedEffect[]; dropped: boolean } {
      const isLive = ({ leaseEndsAt }: ClaimedEffect) => leaseEndsAt > until
      const before = internal.length + external.length
      internal = internal.filter(isLive)
      external = external.filter(isLive)
      const dropped = internal.length + external.length < before
      const first = external.splice(0, Math.max(0, Math.min(free, calls)))
      return { claims: [...first, ...internal.splice(0, free - first.length)], dropped }
    },
    /** Gives up all of them. */
    clear(): readonly ClaimedEffect[] {
      const all = [...internal, ...external]
      internal = []
      external = []
      return all
    },
  }
}
