import type { Instant } from '../../values/instant.ts'
import { commitOf, type Projected } from '../journal/commit-of.ts'
import type { Decider } from '../decision/decide.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Commit, Entry } from '../journal/journal.ts'
import type { Projector } from '../projections.ts'
import type { Refusal } from '../refusal.ts'
import type { QueuedEnvelope } from '../tell-outcome.ts'
import { SnapshotTooNew } from '../decision/upgrade.ts'

/** One entry of a plan: what is written, and the head that it becomes. */
export interface PlannedCommit {
  readonly waiting: QueuedEnvelope
  readonly commit: Commit
  readonly projected: Projected
}

/**
 * What one actor's line comes to if it starts from this head: nothing of it is true before it is
 * committed.
 */
export interface Plan {
  readonly commits: readonly PlannedCommit[]
  readonly refused: readonly { readonly waiting: QueuedEnvelope; readonly refusal: Refusal }[]
  /** Observations that change nothing, with the entry that was the newest by then. */
  readonly unchanged: readonly { readonly waiting: QueuedEnvelope; readonly entry: Entry }[]
  /** The first that threw; those after it are not decided. */
  readonly thrown: { readonly waiting: QueuedEnvelope; readonly error: unknown } | null
  /**
   * Not decided: behind the one that threw, or a second copy of an envelope that is in this plan.
   */
  readonly left: readonly QueuedEnvelope[]
}

export interface PlanParts {
  readonly decider: Decider
  readonly rowsOf: Projector
  readonly now: Instant
}

/** Decides what waits, one after the other, each on the state that the one before leaves. */
export function planOf(
  head: Projected | null,
  line: readonly QueuedEnvelope[],
  planning: PlanParts,
): Plan {
  const commits: PlannedCommit[] = []
  const refused: { waiting: QueuedEnvelope; refusal: Refusal }[] = []
  const unchanged: { waiting: QueuedEnvelope; entry: Entry }[] = []
  const left: QueuedEnvelope[] = []
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
      const decision = planning.decider.decide({
        head: newest?.entry ?? null,
        envelope,
        committedAt,
      })
      if (decision.decided === 'refused') {
        refused.push({ waiting, refusal: decision.refusal })
      } else if (newest !== null && !decision.entry.changed && isObserved(envelope)) {
        unchanged.push({ waiting, entry: newest.entry })
      } else {
        const entry = withoutRepeats(decision.entry, asked)
        const projected = { entry, rows: planning.rowsOf(entry) }
        commits.push({ waiting, commit: commitOf(newest, projected), projected })
        newest = projected
      }
    } catch (error) {
      if (error instanceof SnapshotTooNew) throw error
      return {
        commits,
        refused,
        unchanged,
        thrown: { waiting, error },
        left: [...left, ...line.slice(index + 1)],
      }
    }
  }
  return { commits, refused, unchanged, thrown: null, left }
}

/**
 * What people and clients ask is journaled whatever it changes: it has a name in the audit trail.
 */
function isObserved({ source }: Envelope): boolean {
  return source !== 'api' && source !== 'operator'
}

/**
 * An actor's entries carry times in the order of their seq, though the clocks of two processes
 * differ.
 */
function laterOf(now: Instant, newest: Projected | null): Instant {
  return newest !== null && newest.entry.committedAt > now ? newest.entry.committedAt : now
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
