import type { Delivery } from '../documents/documents.ts'

/**
 * The deliveries in which this store holds effects, as it last wrote them: what is settled soon
 * needs no read before. Another store may have written since; the `rev` that a write names tells.
 */
export interface HeldDeliveries {
  add(entryId: string, delivery: Delivery): void
  /** Gives it away: until it is added again, whoever wants to change it reads it. */
  take(entryId: string): Delivery | null
}

const heldMax = 20_000

export function createHeldDeliveries(): HeldDeliveries {
  const held = new Map<string, Delivery>()
  return {
    add(entryId, delivery) {
      held.delete(entryId)
      if (delivery.open.length === 0) return
      held.set(entryId, delivery)
      if (held.size <= heldMax) return
      for (const oldest of held.keys()) {
        held.delete(oldest)
        break
      }
    },
    take(entryId) {
      const delivery = held.get(entryId) ?? null
      held.delete(entryId)
      return delivery
    },
  }
}
