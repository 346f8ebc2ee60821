import type { ActorRef } from '../values/ids.ts'
import type { Entry } from './journal.ts'

/**
 * The newest entries that this process has seen, the least recently used ones forgotten. Another
 * process may have written a newer one: an append then answers `conflict`, and whatever is not
 * appended (a refusal, a fault) is decided on a head that was read afresh.
 */
export function createHeads(max: number) {
  const heads = new Map<ActorRef, Entry>()

  return {
    get(actor: ActorRef): Entry | null {
      const entry = heads.get(actor)
      if (entry === undefined) return null
      heads.delete(actor)
      heads.set(actor, entry)
      return entry
    },
    set(entry: Entry): void {
      heads.delete(entry.actor)
      heads.set(entry.actor, entry)
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
