import type { z } from 'zod'
import type { Chart } from './chart.ts'
import type { Envelope } from '../journal/envelope.ts'
import { refusals, type Refusal } from '../refusal.ts'

/**
 * What a chart is shown as its event: the sender's fields, and those that only the runtime can
 * know.
 */
export interface ToldEvent {
  readonly type: string
  readonly at: Envelope['occurredAt']
  readonly by: string
  readonly seq: number
}

export type ParseResult =
  | { readonly ok: true; readonly event: ToldEvent }
  | { readonly ok: false; readonly refusal: Refusal }

/** Checks an envelope's event against the chart's own schema. */
export function readEvent(chart: Chart, envelope: Envelope, seq: number): ParseResult {
  const parsed = chart.events.safeParse(envelope.event)
  if (parsed.success) return { ok: true, event: stamped(parsed.data, envelope, seq) }
  const fields = fieldsOf(parsed.error.issues)
  return {
    ok: false,
    refusal:
      fields === null ? refusals.eventUnknown(envelope.event.type) : refusals.eventInvalid(fields),
  }
}

/** `at`, `by` and `seq` are the runtime's word: a sender's own fields of these names give way. */
export function stamped(event: { type: string }, envelope: Envelope, seq: number): ToldEvent {
  return { ...event, at: envelope.occurredAt, by: envelope.principal, seq }
}

type Issue = z.core.$ZodIssue
interface FieldProblem {
  field: string
  problem: string
}

/** What is wrong with which field; null if it is the type that no branch of the union knows. */
function fieldsOf(issues: readonly Issue[]): FieldProblem[] | null {
  const fields: FieldProblem[] = []
  for (const issue of issues) {
    if (issue.path.length === 1 && issue.path[0] === 'type') return null
    if (issue.code === 'invalid_union' && issue.path.length === 0) {
      // A plain union: the branch whose type fits says which fields do not.
      const branch = issue.errors.map(fieldsOf).find((found) => found !== null)
      if (branch === undefined) return null
      fields.push(...branch)
    } else {
      fields.push({ field: issue.path.join('.'), problem: issue.message })
    }
  }
  return fields
}
