import type { ActorRef } from '../../values/ids.ts'
import type { Projected } from '../journal/commit-of.ts'

/**
 * The newest entries that this process has seen, with their rows, the least recently used ones
 * forgotten. Another process may have written a newer one: an append then answers `conflict`, and
 * whatever is not appended (a refusal, a fault, an observation that changes nothing) is decided on
 * a head that was verified.
 */
export function createHeads(max: number) {
  const heads = new Map<ActorRef, Projected>()

  return {
    get(actor: ActorRef): Projected | null {
      const head = heads.get(actor)
      if (head === undefined) return null
      heads.delete(actor)
      heads.set(actor, head)
      return head
    },
    set(head: Projected): void {
      heads.delete(head.entry.actor)
      heads.set(head.entry.actor, head)
      if (heads.size <= max) return
      const oldest = heads.keys().next()
      if (oldest.done !== true) heads.delete(oldest.value)
    },
    forget(actor: ActorRef): void {
      heads.delete(actor)
    },
  }
}

export type Heads = ReturnType<typeof createHeads>
