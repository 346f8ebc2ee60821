import type { ActorRef } from '../../values/ids.ts'
import type { Collections } from './documents.ts'
import { type Place, entryId } from './known.ts'

/** Marks entries as applied, behind the answer: a mark that is lost costs `heal` a look, and nothing else. */
export interface Marks {
  add(entries: readonly Place[]): void
  /** Resolves when the marks so far are written or given up. */
  settled(): Promise<void>
}

export function createMarks({ journal }: Collections): Marks {
  const underWay = new Set<Promise<void>>()

  const mark = async (ids: readonly string[], actors: readonly ActorRef[]) => {
    try {
      await journal.updateMany(
        { _id: { $in: ids }, actor: { $in: actors } },
        { $unset: { unapplied: '' } },
        { writeConcern: { w: 1 } },
      )
    } catch {
      // The entries are applied; `heal` will find them, apply them again to no effect, and mark them.
    }
  }

  return {
    add(entries) {
      const ids = entries.map(entryId)
      const actors = [...new Set(entries.map(({ actor }) => actor))]
      const marking = mark(ids, actors).finally(() => underWay.delete(marking))
      underWay.add(marking)
    },
    async settled() {
      await Promise.all(underWay)
    },
  }
}
