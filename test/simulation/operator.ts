import type { Simulation } from './system.ts'

/** Tries all that is parked again, as an operator would. Answers how many there were. */
export async function retryParked(system: Simulation): Promise<number> {
  const { items } = await system.store.parked({ cursor: null, limit: 1_000 })
  for (const { id, effect, error, parkedAt } of items) {
    if (effect !== null) system.parkedEver.push({ id, kind: effect.kind, error, at: parkedAt })
    const runtime = await system.runtime()
    // The store may be away, or the process die of it: it is in the list the next time.
    await runtime.retryParked(id, 'operator:ann').catch(() => null)
  }
  return items.length
}
