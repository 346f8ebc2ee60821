import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '../../../values/json.ts'
import { numberAt, textAt } from '../../kernel/fields.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { StripeFailure } from './failure.ts'

/** Stripe keeps a key for at least 24 hours; the twin for exactly that. */
export const keptSeconds = 24 * 3600

export interface Answer {
  readonly status: number
  readonly body: string
}

export interface KeyedCall {
  readonly key: string
  readonly method: string
  readonly path: string
  readonly input: JsonObject
}

function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([key, inner]) => [key, canonical(inner)])
}

function fingerprintOf({ method, path, input }: KeyedCall): string {
  const text = `${method} ${path} ${JSON.stringify(canonical(input))}`
  return createHash('sha256').update(text).digest('hex')
}

/**
 * Remembers answers by idempotency key: the first execution's status and body, errors and 500s
 * included.
 */
export function createIdempotency(state: SandboxState) {
  const answers = state.table('sandbox.idempotency')
  const running = new Set<string>()

  function kept(key: string) {
    const row = answers.get(key)
    return row === undefined || row.created + keptSeconds <= state.now() ? undefined : row
  }

  return {
    /**
     * The stored answer, or null if the call is the first with its key, which it then holds until
     * `release`. Throws 409 while another holds it, and 400 if the key was used for another call.
     */
    begin(call: KeyedCall): Answer | null {
      if (call.key.length > 255)
        throw new StripeFailure(400, {
          type: 'invalid_request_error',
          message: 'Idempotency keys must be 255 characters or fewer.',
        })
      if (running.has(call.key))
        throw new StripeFailure(409, {
          type: 'idempotency_error',
          code: 'idempotency_key_in_use',
          message: `Another request with the idempotency key '${call.key}' is still in progress. Try again when it has ended.`,
        })
      const row = kept(call.key)
      if (row === undefined) {
        running.add(call.key)
        return null
      }
      if (textAt(row, 'fingerprint') !== fingerprintOf(call))
        throw new StripeFailure(400, {
          type: 'idempotency_error',
          message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${call.key}' if you meant to execute a different request.`,
        })
      return { status: numberAt(row, 'status') ?? 200, body: textAt(row, 'body') ?? '' }
    },

    /** Stores the answer; belongs into the unit of work that it answers, where there is one. */
    store(call: KeyedCall, answer: Answer): void {
      for (let old = answers.first(); old !== undefined; old = answers.first()) {
        if (old.created + keptSeconds > state.now()) break
        answers.remove(old.id)
      }
      answers.remove(call.key)
      answers.put({
        id: call.key,
        object: 'sandbox.idempotency',
        created: state.now(),
        livemode: false,
        fingerprint: fingerprintOf(call),
        status: answer.status,
        body: answer.body,
      })
    },

    release(call: KeyedCall): void {
      running.delete(call.key)
    },
  }
}

export type Idempotency = ReturnType<typeof createIdempotency>
