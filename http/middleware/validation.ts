import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ZodError } from 'zod'
import { BadCursor, StoreClosed, StoreUnavailable } from '../../actors/port-errors.ts'
import { StoreDamaged } from '../../actors/store-damaged.ts'
import { RuntimeStopped } from '../../actors/runtime.ts'
import { SnapshotTooNew } from '../../actors/decision/upgrade.ts'
import { Problem } from '../problem.ts'

type Part = 'body' | 'query' | 'path' | 'header'

const partOf: Readonly<Record<string, Part>> = {
  json: 'body',
  query: 'query',
  param: 'path',
  header: 'header',
}

/** For `OpenAPIHono.defaultHook`: a schema error becomes a 422 that names each field. */
export function refuseInvalid(
  result: { target: string; success: boolean; error?: ZodError },
  _c: Context,
): undefined {
  if (!result.success && result.error) {
    throw invalidRequest(result.error, partOf[result.target] ?? 'body')
  }
  return undefined
}

/** A 422 with one error per wrong field, each with its part and its JSON pointer (RFC 6901). */
export function invalidRequest(error: ZodError, part: Part): Problem {
  const errors = error.issues.flatMap((issue) => {
    const at = { in: part, pointer: pointer(issue.path) }
    if (issue.code !== 'unrecognized_keys') return [{ ...at, message: issue.message }]
    return issue.keys.map((key) => ({
      in: part,
      pointer: pointer([...issue.path, key]),
      message: 'is not a field of this request',
    }))
  })
  const named = errors.map((one) => `${one.pointer} ${one.message}`).join('; ')
  return new Problem('invalid_request', { detail: named.slice(0, 1_000), facts: { errors } })
}

export function invalidField(part: Part, path: readonly string[], message: string): Problem {
  const at = pointer(path)
  return new Problem('invalid_request', {
    detail: `${at} ${message}`,
    facts: { errors: [{ in: part, pointer: at, message }] },
  })
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/**
 * The problem that any thrown value becomes. What is not foreseen is a fault of ours: `internal`.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof HTTPException) return ofHono(error)
  if (error instanceof BadCursor) {
    return invalidField('query', ['cursor'], 'is not a cursor that this list gave out')
  }
  if (error instanceof StoreDamaged) {
    return new Problem('store_damaged', { headers: { 'Retry-After': '60' }, cause: error })
  }
  if (error instanceof StoreUnavailable || error instanceof StoreClosed) {
    return new Problem('store_unavailable', { headers: { 'Retry-After': '1' }, cause: error })
  }
  if (error instanceof SnapshotTooNew) {
    const facts = { failing: ['release'] }
    return new Problem('not_ready', { facts, headers: { 'Retry-After': '5' }, cause: error })
  }
  if (error instanceof RuntimeStopped) {
    const facts = { failing: ['process'] }
    return new Problem('not_ready', { facts, headers: { 'Retry-After': '1' }, cause: error })
  }
  return new Problem('internal', { cause: error })
}

function ofHono(error: HTTPException): Problem {
  if (error.status === 415) return new Problem('content_type_unsupported', { cause: error })
  if (error.status === 400) return new Problem('body_not_json', { cause: error })
  return new Problem('internal', { cause: error })
}
