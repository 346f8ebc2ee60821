import type { JsonObject } from '../values/json.ts'
import { type Problem, problems } from './problem.ts'

export const problemType = 'application/problem+json'

/**
 * The answer's members, in the order of RFC 9457 with our own after them. `instance` is the
 * request's id.
 */
export function problemBody(problem: Problem, requestId: string): JsonObject {
  const { status, title } = problems[problem.code]
  return {
    type: `/docs/errors#${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    instance: requestId,
    ...problem.facts,
  }
}
