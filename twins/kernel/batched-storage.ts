import { setImmediate } from 'node:timers/promises'
import type { SandboxStorage } from './storage.ts'

export interface BatchedStorage extends SandboxStorage {
  /** Resolves when all that was saved until now is written. Rejects with what the write threw. */
  written(): Promise<void>
  /** Writes it now. */
  flush(): void
}

/**
 * Writes the units of one turn of the event loop together, in one piece. Who tells the outside of a
 * unit awaits `written` before: what nobody has heard of may be lost with the process.
 */
export function createBatchedStorage(storage: SandboxStorage): BatchedStorage {
  let waiting = new Map<string, string | null>()
  let writing: Promise<void> | null = null

  function flush(): void {
    const changes = waiting
    waiting = new Map()
    if (changes.size > 0) storage.save(changes)
  }

  async function write(): Promise<void> {
    await setImmediate()
    writing = null
    flush()
  }

  return {
    load: () => storage.load(),
    save(changes) {
      for (const [key, value] of changes) waiting.set(key, value)
      if (writing !== null) return
      writing = write()
      // Heard by who awaits `written`; a rejection of which nobody asks must not end the process.
      writing.catch(() => {})
    },
    written: () => writing ?? Promise.resolve(),
    flush,
  }
}
