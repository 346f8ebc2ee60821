import type { Collections } from '../documents/documents.ts'
import { type Place, entryId } from '../documents/head-index.ts'

/**
 * Takes the mark `unapplied` from entries that are applied, behind the answer: many in one write,
 * or with the settlement of their effects. A mark that is lost costs `heal` some work to no effect,
 * and nothing else.
 */
export interface Marks {
  add(entries: readonly Place[]): void
  /**
   * True if this entry's mark is still to go: the caller writes that, and gives it back if it could
   * not.
   */
  take(id: string): boolean
  /** Resolves when the marks so far are gone or given up. */
  flush(): Promise<void>
}

/** So many entries wait for a settlement, or for each other. */
const waitingMax = 64

export function createMarks({ journal }: Collections): Marks {
  const waiting = new Map<string, Place>()
  let writing: Promise<void> = Promise.resolve()

  const write = async (entries: readonly Place[]) => {
    try {
      await journal.updateMany(
        {
          _id: { $in: entries.map(entryId) },
          actor: { $in: [...new Set(entries.map(({ actor }) => actor))] },
        },
        { $unset: { unapplied: '' } },
        { writeConcern: { w: 1 } },
      )
    } catch {
      // The entries are applied; `heal` will find them, apply them again to no effect, and take the
      // marks.
    }
  }

  const writeAll = async () => {
    const entries = [...waiting.values()]
    waiting.clear()
    if (entries.length > 0) writing = writeAfter(writing, entries)
    await writing
  }

  const writeAfter = async (last: Promise<void>, entries: readonly Place[]) => {
    await Promise.all([last, write(entries)])
  }

  return {
    add(entries) {
      for (const { actor, seq } of entries) waiting.set(entryId({ actor, seq }), { actor, seq })
      if (waiting.size >= waitingMax) void writeAll()
    },
    take: (id) => waiting.delete(id),
    flush: writeAll,
  }
}
