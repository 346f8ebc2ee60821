import {
  nothingFound,
  type ReconciliationChange,
  type ReconciliationContext,
  type ReconciliationScope,
} from './state.ts'

// What a reconciliation remembers: pure.

type Reason = NonNullable<ReconciliationContext['sweep']>['reason']

/** Differences that are kept of one sweep; all of them are counted. */
export const driftKept = 100

export function foldCursor({ event }: ReconciliationScope): ReconciliationChange {
  return event.type === 'cursor.moved' ? { cursor: event.cursor } : {}
}

export function foldGap({ event }: ReconciliationScope): ReconciliationChange {
  return event.type === 'gap.found' ? { lostSince: event.lostSince } : {}
}

/** A walk from the beginning; one that is under way is given up. */
export function begun(reason: Reason): (scope: ReconciliationScope) => ReconciliationChange {
  return ({ context, event }) => {
    const number = context.sweepsBegun + 1
    return {
      sweepsBegun: number,
      sweep: { number, reason, startedAt: event.at, ...nothingFound },
    }
  }
}

/** Two processes may walk one part at once, and a crash has it walked again: it counts once. */
export function isNextPart({ context: { sweep }, event }: ReconciliationScope): boolean {
  if (event.type !== 'sweep.advanced' && event.type !== 'sweep.finished') return false
  return event.sweep === sweep?.number && event.from === sweep.position
}

export function foldPart({ context: { sweep }, event }: ReconciliationScope): ReconciliationChange {
  if (event.type !== 'sweep.advanced' && event.type !== 'sweep.finished') return {}
  if (sweep === null) return {}
  return {
    sweep: {
      ...sweep,
      position: event.type === 'sweep.advanced' ? event.position : sweep.position,
      objects: sweep.objects + event.objects,
      driftCount: sweep.driftCount + event.driftCount,
      drift: [...sweep.drift, ...event.drift].slice(0, driftKept),
    },
  }
}

/** The walk that has just come to its end becomes the report. */
export function foldReport({
  context: { sweep },
  event,
}: ReconciliationScope): ReconciliationChange {
  if (sweep === null) return {}
  const { position: _position, ...found } = sweep
  return { sweep: null, report: { ...found, finishedAt: event.at } }
}
