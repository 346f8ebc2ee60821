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
  if (parsed.success) {
    const extra = isFromOutside(envelope) ? unknownIn(envelope.event, parsed.data) : []
    if (extra.length > 0) return { ok: false, refusal: refusals.eventInvalid(extra) }
    return { ok: true, event: stamped(parsed.data, envelope, seq) }
  }
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

/** A door's. Another release of ours, and the runtime, may say more than this one knows. */
function isFromOutside({ source }: Envelope): boolean {
  return source === 'api' || source === 'operator'
}

/** Every field that was given and that the schema did not keep: misspelt, or of no use here. */
function unknownIn(given: unknown, kept: unknown, path: readonly string[] = []): FieldProblem[] {
  if (!isContainer(given) || !isContainer(kept)) return []
  const known = new Map(Object.entries(kept))
  return Object.entries(given).flatMap(([key, value]) => {
    const at = [...path, key]
    if (known.has(key)) return unknownIn(value, known.get(key), at)
    return [{ field: at.join('.'), problem: 'is not a field of this event' }]
  })
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
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
