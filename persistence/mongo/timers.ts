import type { DueTimer } from '../../actors/ports.ts'
import type { Instant } from '../../values/instant.ts'
import type { Collections } from './documents/documents.ts'
import { refOf } from './journal/journal.ts'

export function createTimers({ timers: armed }: Collections) {
  return {
    /** Each of the first `limit` timers is in one of the first `limit` actors by `dueAt`. */
    async dueTimers(now: Instant, limit: number): Promise<DueTimer[]> {
      const documents = await armed
        .find({ dueAt: { $lte: now, $exists: true } })
        .sort({ dueAt: 1, _id: 1 })
        .limit(limit)
        .toArray()
      return documents
        .flatMap(({ _id, timers }) =>
          timers.map(({ name, dueAt, instance }) => ({ actor: refOf(_id), name, dueAt, instance })),
        )
        .filter(({ dueAt }) => dueAt <= now)
        .sort(compareDue)
        .slice(0, limit)
    },
    async nextTimerAt(): Promise<Instant | null> {
      const first = await armed
        .find({ dueAt: { $exists: true } })
        .sort({ dueAt: 1 })
        .limit(1)
        .next()
      return first?.dueAt ?? null
    },
    async armedTimerNames(): Promise<string[]> {
      const names = await armed.distinct('timers.name', { dueAt: { $exists: true } })
      return names.map(String).sort()
    },
  }
}

const order = ['dueAt', 'actor', 'instance', 'name'] as const

function compareDue(a: DueTimer, b: DueTimer): number {
  const field = order.find((field) => a[field] !== b[field])
  if (field === undefined) return 0
  return a[field] < b[field] ? -1 : 1
}
