import type { Projected } from '../../actors/journal/commit-of.ts'
import type { Retries } from '../../actors/delivery/retries.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import type { AppendOutcome, ClaimedEffect, Settlement } from '../../actors/ports.ts'
import type { EffectId } from '../../values/ids.ts'
import { type Instant, plusMs } from '../../values/instant.ts'

interface Delivery {
  readonly entry: Entry
  readonly place: number
  readonly dueAt: Instant | null
  readonly tries: number
  readonly attempt: number
  readonly firstTriedAt: Instant | null
  readonly retried?: Retries
}

/** What a store does, in the fewest words: the oracle that both homes are compared with. */
export interface Model {
  append(commits: readonly Projected[]): AppendOutcome[]
  claim(now: Instant, limit: number, leaseMs: number): ClaimedEffect[]
  settle(settlements: readonly Settlement[]): void
  unpark(id: EffectId, at: Instant, by: string): boolean
  nextClaimAt(): Instant | null
  parkedIds(): EffectId[]
  history(actor: string): Entry[]
  rows(): Map<string, number>
}

/**
 * Which of the effects that are due at one moment is claimed first; no home promises more than its
 * own order.
 */
export type Ties = 'by actor' | 'by the first entry of their actors'

export function createModel(ties: Ties): Model {
  const entries: Entry[] = []
  const open = new Map<EffectId, Delivery>()
  let parked: EffectId[] = []
  const rows = new Map<string, { actor: string; latest: boolean; seq: number }>()

  const historyOf = (actor: string) => entries.filter((entry) => entry.actor === actor)

  const appendOne = ({ entry, rows: given }: Projected): AppendOutcome => {
    const history = historyOf(entry.actor)
    const same = history.find(({ envelope }) => envelope.id === entry.envelope.id)
    if (same) return { outcome: 'duplicate', seq: same.seq }
    if (entry.seq !== history.length + 1) return { outcome: 'conflict' }
    entries.push(entry)
    for (const [place, { id }] of entry.effects.entries()) {
      const due = { dueAt: entry.committedAt, tries: 0, attempt: 1, firstTriedAt: null }
      open.set(id, { entry, place, ...due })
    }
    for (const [key, row] of rows) {
      if (row.latest && row.actor === entry.actor) rows.delete(key)
    }
    for (const { key, keep } of given) {
      const latest = keep === 'latest'
      if (latest || !rows.has(key)) rows.set(key, { actor: entry.actor, latest, seq: entry.seq })
    }
    return { outcome: 'committed' }
  }

  const settleOne = (settlement: Settlement): void => {
    const { id } = settlement
    const delivery = open.get(id)
    if (delivery === undefined) return
    if (settlement.outcome === 'done') {
      open.delete(id)
      parked = parked.filter((one) => one !== id)
    } else if (delivery.dueAt !== null && settlement.outcome === 'parked') {
      open.set(id, { ...delivery, dueAt: null })
      parked.push(id)
    } else if (delivery.dueAt !== null && settlement.outcome === 'retry') {
      const { at: dueAt, tries, attempt, firstTriedAt } = settlement
      open.set(id, { ...delivery, dueAt, tries, attempt, firstTriedAt })
    }
  }

  const bornAt = ({ actor }: Entry) => entries.findIndex((entry) => entry.actor === actor)
  const isFirst = (a: Entry, b: Entry) =>
    ties === 'by actor' ? a.actor < b.actor : bornAt(a) < bornAt(b)

  const inOrder = () =>
    [...open.entries()]
      .flatMap(([id, one]) => (one.dueAt === null ? [] : [{ ...one, id, dueAt: one.dueAt }]))
      .sort((a, b) => {
        if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt ? -1 : 1
        if (a.entry.actor !== b.entry.actor) return isFirst(a.entry, b.entry) ? -1 : 1
        return a.entry.seq - b.entry.seq || a.place - b.place
      })

  return {
    append(commits) {
      const stopped = new Set<string>()
      return commits.map((one) => {
        if (stopped.has(one.entry.actor)) return { outcome: 'conflict' }
        const answer = appendOne(one)
        if (answer.outcome !== 'committed') stopped.add(one.entry.actor)
        return answer
      })
    },
    claim(now, limit, leaseMs) {
      const due = inOrder().filter(({ dueAt }) => dueAt <= now)
      return due
        .slice(0, limit)
        .flatMap(({ id, entry, place, tries, attempt, firstTriedAt, retried }) => {
          const effect = entry.effects[place]
          const delivery = open.get(id)
          if (!effect || !delivery) return []
          const held = {
            firstTriedAt: firstTriedAt ?? now,
            leaseEndsAt: plusMs(now, leaseMs),
            ...(retried && { retried }),
          }
          const next = {
            dueAt: held.leaseEndsAt,
            tries: tries + 1,
            firstTriedAt: held.firstTriedAt,
          }
          open.set(id, { ...delivery, ...next })
          const { actor, seq, envelope } = entry
          const { correlationId, occurredAt } = envelope
          return [{ actor, seq, effect, correlationId, occurredAt, tries, attempt, ...held }]
        })
    },
    settle(settlements) {
      for (const settlement of settlements) settleOne(settlement)
    },
    unpark(id, at, by) {
      const delivery = open.get(id)
      if (!delivery || !parked.includes(id)) return false
      parked = parked.filter((one) => one !== id)
      const retried = { times: (delivery.retried?.times ?? 0) + 1, at, by }
      open.set(id, { ...delivery, dueAt: at, tries: 1, retried })
      return true
    },
    nextClaimAt: () => inOrder()[0]?.dueAt ?? null,
    parkedIds: () => [...parked],
    history: historyOf,
    rows: () => new Map([...rows].map(([key, { seq }]) => [key, seq])),
  }
}
