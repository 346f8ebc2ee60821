import type { Instant } from '../values/instant.ts'
import type { Decider } from './decide.ts'
import type { Commit, Entry } from './journal.ts'
import type { Projector } from './projections.ts'
import type { Refusal } from './refusal.ts'
import type { Waiting } from './tell-outcome.ts'
import { SnapshotTooNew } from './upgrade.ts'

/**
 * What one actor's line comes to if it starts from this head: nothing of it is true before it is
 * committed.
 */
export interface Plan {
  readonly commits: readonly { readonly waiting: Waiting; readonly commit: Commit }[]
  readonly refused: readonly { readonly waiting: Waiting; readonly refusal: Refusal }[]
  /** The first that threw; those after it are not decided. */
  readonly thrown: { readonly waiting: Waiting; readonly error: unknown } | null
  /**
   * Not decided: behind the one that threw, or a second copy of an envelope that is in this plan.
   */
  readonly left: readonly Waiting[]
}

export interface Planning {
  readonly decider: Decider
  readonly rowsOf: Projector
  readonly now: Instant
}

/** Decides what waits, one after the other, each on the state that the one before leaves. */
export function planOf(head: Entry | null, line: readonly Waiting[], planning: Planning): Plan {
  const commits: { waiting: Waiting; commit: Commit }[] = []
  const refused: { waiting: Waiting; refusal: Refusal }[] = []
  const left: Waiting[] = []
  const asked = new Set<string>()
  const ids = new Set<string>()
  let newest = head
  for (const [index, waiting] of line.entries()) {
    const { envelope } = waiting
    if (ids.has(envelope.id)) {
      left.push(waiting)
      continue
    }
    ids.add(envelope.id)
    try {
      const committedAt = laterOf(planning.now, newest)
      const decision = planning.decider.decide({ head: newest, envelope, committedAt })
      if (decision.decided === 'refused') {
        refused.push({ waiting, refusal: decision.refusal })
      } else {
        const entry = withoutRepeats(decision.entry, asked)
        commits.push({ waiting, commit: { entry, rows: planning.rowsOf(entry) } })
        newest = entry
      }
    } catch (error) {
      if (error instanceof SnapshotTooNew) throw error
      return {
        commits,
        refused,
        thrown: { waiting, error },
        left: [...left, ...line.slice(index + 1)],
      }
    }
  }
  return { commits, refused, thrown: null, left }
}

/**
 * An actor's entries carry times in the order of their seq, though the clocks of two processes
 * differ.
 */
function laterOf(now: Instant, newest: Entry | null): Instant {
  return newest !== null && newest.committedAt > now ? newest.committedAt : now
}

/**
 * Leaves out the effects whose `coalesce` key an earlier entry of the same drain has asked for. The
 * earlier one is kept, not the later: entries are committed in order, so wherever a crash cuts the
 * drain, what was asked is asked for; and it is performed after the whole drain had arrived, so it
 * is as fresh.
 */
function withoutRepeats(entry: Entry, asked: Set<string>): Entry {
  const effects = entry.effects.filter(({ coalesce }) => {
    if (typeof coalesce !== 'string') return true
    if (asked.has(coalesce)) return false
    asked.add(coalesce)
    return true
  })
  return effects.length === entry.effects.length ? entry : { ...entry, effects }
}
