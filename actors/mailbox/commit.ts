import { typeOf, type ActorRef } from '../../values/ids.ts'
import type { Projected } from '../journal/commit-of.ts'
import { createRoundTrips, type RoundTrips } from './commit-round-trips.ts'
import type { Counts } from '../counters.ts'
import type { Decider } from '../decision/decide.ts'
import { errorText } from '../error-text.ts'
import type { Heads } from './head-cache.ts'
import type { Entry } from '../journal/journal.ts'
import type { Limits } from '../limits.ts'
import { pause } from '../pause.ts'
import { planOf, type Plan } from './plan-drain.ts'
import { StoreUnavailable } from '../port-errors.ts'
import type { Clock, DeadLetters, Journal, Lease } from '../ports.ts'
import type { Projector } from '../projections.ts'
import { parkedId, type TellOutcome, type QueuedEnvelope } from '../tell-outcome.ts'

// A2 What is decided depends on the head and the envelope alone, so deciding again after a conflict
//    is safe.
// A3 Nobody receives an answer or an entry before its append has said `committed`. A refusal that
//    follows from entries of the same drain is answered after them.
// A6 An observation that changes nothing is answered `unchanged` and not journaled; whoever told it
//    counts it (a webhook's outcome names it).
// A8 An actor whose decision throws is parked with the envelope, after what came before it is
//    committed; what comes after is answered `parked`, undecided, in every process. Other actors do
//    not notice.

export interface CommitterOptions {
  readonly store: Journal & DeadLetters
  readonly decider: Decider
  readonly rowsOf: Projector
  readonly heads: Heads
  readonly clock: Clock
  readonly limits: Limits
  readonly counts: Counts
  /** Called with each entry after its commit, in order per actor, and the lease of its effects. */
  published(entry: Entry, before: Entry | null, lease: Lease | null): void
  /** Under which lease to append; null where this process has no room for more effects. */
  leaseNow(): Lease | null
  /** Called for each actor that was parked. */
  stuck(id: string, error: unknown): void
}

/** One drain of one actor's line, while it is being worked off. */
interface Drain {
  readonly actor: ActorRef
  open: readonly QueuedEnvelope[]
  /** Those whose append may have happened: found in the journal, they are ours. */
  readonly uncertain: Set<QueuedEnvelope>
  /** Whether what is open may be in the journal already. */
  mayBeTaken: boolean
}

/**
 * Decides and commits what waits for an actor. Every waiting one is answered or failed; it never
 * rejects.
 */
export function createCommitter(options: CommitterOptions) {
  const { store, heads, limits } = options
  const steps = { ...options, ...createRoundTrips(store, limits) }

  return async function commit(actor: ActorRef, line: readonly QueuedEnvelope[]): Promise<void> {
    const drain: Drain = {
      actor,
      open: line,
      uncertain: new Set(),
      mayBeTaken: false,
    }
    let last: unknown = null
    try {
      for (let round = 1; drain.open.length > 0; round += 1) {
        if (round > limits.decisionsPerCommit) {
          throw last ?? new StoreUnavailable(`${actor} was written by others at every try`)
        }
        try {
          await attempt(steps, drain)
        } catch (error) {
          if (!(error instanceof StoreUnavailable)) throw error
          last = error
          heads.forget(actor)
          drain.mayBeTaken = true
          await pause(limits.storePauseMs * round)
        }
      }
    } catch (error) {
      heads.forget(actor)
      for (const waiting of drain.open) waiting.fail(error)
    }
  }
}

type Steps = CommitterOptions & RoundTrips

/** One round: what it cannot answer stays open for the next. */
async function attempt(steps: Steps, drain: Drain): Promise<void> {
  const { heads, clock } = steps
  const cached = heads.get(drain.actor)
  // Where it is cached the append sees what is parked, and what is not appended looks.
  const found = cached ?? (await headOf(steps, drain))
  if (drain.mayBeTaken) await answerTaken(steps, drain, drain.open)
  drain.mayBeTaken = false
  if (drain.open.length === 0) return
  let head = found
  let plan = planOf(head, drain.open, { ...steps, now: clock.now() })
  if (plan.refused.length > 0 || plan.thrown !== null) {
    // No append will verify these, so they are decided on what the store has now, and only if they
    // are new.
    if (await answerTaken(steps, drain, notAppended(plan))) return
    if (cached !== null) {
      head = await headOf(steps, drain)
      plan = planOf(head, drain.open, { ...steps, now: clock.now() })
    }
  } else if (plan.unchanged.length > 0 && plan.commits.length === 0 && cached !== null) {
    if (!(await holdsNow(steps, cached))) {
      head = await headOf(steps, drain)
      plan = planOf(head, drain.open, { ...steps, now: clock.now() })
    }
  }
  if (await appended(steps, drain, { head, plan })) await answerRest(steps, drain, plan)
}

/**
 * The newest entry that the store has, with its rows. What waits is turned away where another
 * envelope is parked.
 */
async function headOf(steps: Steps, drain: Drain): Promise<Projected | null> {
  const { head, parked } = await steps.standingOf(drain.actor)
  if (parked !== null) turnAway(drain, parked)
  return head === null ? null : { entry: head, rows: steps.rowsOf(head) }
}

/** Whether what was decided on this head, without an append, may be answered. */
async function holdsNow(steps: Steps, { entry }: Projected): Promise<boolean> {
  const [newest, parked] = await Promise.all([steps.isNewest(entry), steps.parkedOf(entry.actor)])
  return newest.yes && parked.id === null
}

function notAppended({ refused, thrown }: Plan): QueuedEnvelope[] {
  return [...refused, ...(thrown === null ? [] : [thrown])].map(({ waiting }) => waiting)
}

/** Answers all but a retry of the very envelope that is parked. */
function turnAway(drain: Drain, id: string): void {
  const passes = ({ retriedBy, envelope }: QueuedEnvelope) =>
    retriedBy !== null && parkedId(envelope) === id
  for (const waiting of drain.open) {
    if (!passes(waiting)) waiting.answer({ outcome: 'parked', id })
  }
  drain.open = drain.open.filter(passes)
}

/** Answers those that are in the journal already. True if there were any. */
async function answerTaken(
  steps: Steps,
  drain: Drain,
  some: readonly QueuedEnvelope[],
): Promise<boolean> {
  if (some.length === 0) return false
  const ids = some.map(({ envelope }) => envelope.id)
  const seqs = await steps.store.seqsOf(drain.actor, ids)
  for (const waiting of some) {
    const seq = seqs.get(waiting.envelope.id)
    if (seq !== undefined) await answerWith(steps, drain, { waiting, seq })
  }
  return seqs.size > 0
}

/**
 * Answers with the entry that the journal has for it: its own, if an append had an unknown outcome.
 */
async function answerWith(
  steps: Steps,
  drain: Drain,
  { waiting, seq }: { waiting: QueuedEnvelope; seq: number },
): Promise<void> {
  const entry = await steps.store.entry(drain.actor, seq)
  if (entry === null) throw new StoreUnavailable(`${drain.actor}#${seq} cannot be read yet`)
  const isOurs = drain.uncertain.delete(waiting)
  // Ours or another process's that was told the same: only the store knows who holds its effects.
  if (isOurs) steps.published(entry, null, null)
  await answer(steps, drain, {
    waiting,
    told: { outcome: isOurs ? 'committed' : 'duplicate', entry },
  })
}

/** Ends one that waits. What was parked is free again first: it has been decided. */
async function answer(
  steps: Steps,
  drain: Drain,
  { waiting, told }: { waiting: QueuedEnvelope; told: TellOutcome },
): Promise<void> {
  const { envelope, retriedBy } = waiting
  if (retriedBy !== null) {
    await steps.store.unpark(parkedId(envelope), steps.clock.now(), retriedBy)
  }
  drain.open = drain.open.filter((one) => one !== waiting)
  waiting.answer(told)
}

/**
 * Appends what the plan would commit. True if all of it is committed, so that the rest of the plan
 * holds.
 */
async function appended(
  steps: Steps,
  drain: Drain,
  { head, plan }: { head: Projected | null; plan: Plan },
): Promise<boolean> {
  if (plan.commits.length === 0) return true
  const wasUncertain = new Set(drain.uncertain)
  for (const { waiting } of plan.commits) drain.uncertain.add(waiting)
  const { outcomes, lease } = await steps.append({
    commits: plan.commits.map(({ commit }) => commit),
    lease: steps.leaseNow(),
  })
  let before = head?.entry ?? null
  for (const [index, { waiting, projected }] of plan.commits.entries()) {
    const { entry } = projected
    const outcome = outcomes[index]
    // An append before this one may have been heard after all: what it wrote is ours.
    const mayBeOurs = outcome?.outcome === 'duplicate' && wasUncertain.has(waiting)
    if (!mayBeOurs) drain.uncertain.delete(waiting)
    if (outcome?.outcome === 'committed') {
      steps.heads.set(projected)
      steps.published(entry, before, lease)
      before = entry
      const told = { outcome: 'committed', entry } as const
      await answer(steps, drain, { waiting, told })
    } else {
      drain.mayBeTaken = true
    }
  }
  if (drain.mayBeTaken) steps.heads.forget(drain.actor)
  return !drain.mayBeTaken
}

/**
 * Answers what changes nothing or is refused, parks what threw, and turns away what came after it.
 */
async function answerRest(steps: Steps, drain: Drain, plan: Plan): Promise<void> {
  for (const { waiting, entry } of plan.unchanged) {
    await answer(steps, drain, { waiting, told: { outcome: 'unchanged', entry } })
  }
  for (const { waiting, refusal } of plan.refused) {
    steps.counts.refused(typeOf(drain.actor), refusal.code)
    await answer(steps, drain, { waiting, told: { outcome: 'refused', refusal } })
  }
  if (plan.thrown === null) {
    // What is left are second copies: the first is in the journal now, or was refused.
    drain.mayBeTaken = true
    return
  }
  const { envelope } = plan.thrown.waiting
  const id = parkedId(envelope)
  await steps.store.park({
    id,
    kind: 'envelope',
    actor: drain.actor,
    error: errorText(plan.thrown.error),
    parkedAt: steps.clock.now(),
    effect: null,
    envelope,
  })
  steps.heads.forget(drain.actor)
  steps.counts.parked('envelope')
  steps.stuck(id, plan.thrown.error)
  const parked = drain.open
  drain.open = []
  for (const waiting of parked) waiting.answer({ outcome: 'parked', id })
}
