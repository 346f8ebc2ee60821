import type { Log } from '../../../actors/ports.ts'
import type { JsonObject } from '../../../values/json.ts'
import { type Chaos, internalFailure, rateLimited } from '../../kernel/chaos.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { expand } from './expand.ts'
import { StripeFailure } from './failure.ts'
import { createIdempotency, type Answer, type KeyedCall } from './idempotency.ts'
import type { Includable, Route } from './parts.ts'

export interface Call {
  readonly requestId: string
  readonly route: Route
  readonly method: string
  /** The path as asked, ids included. */
  readonly path: string
  readonly param: (name: string) => string
  /** With `expand` still in it. */
  readonly input: JsonObject
  readonly byClient: boolean
  readonly idempotencyKey: string | null
}

export interface ExecuteResult extends Answer {
  /** The answer was stored by an earlier call with the same idempotency key. */
  readonly replayed: boolean
}

export interface ExecutorOptions {
  readonly state: SandboxState
  readonly chaos: Chaos
  readonly includable: Includable
  readonly log: Log
  /** Awaited in each POST with a key between taking the key and doing the work. */
  readonly latency: () => Promise<void>
}

const print = (body: JsonObject) => JSON.stringify(body, null, 2)

export function failureAnswer({ status, body }: StripeFailure): Answer {
  const { more, ...shown } = body
  return { status, body: print({ error: { ...shown, ...more } }) }
}

function withoutExpand(input: JsonObject) {
  const { expand: paths, ...rest } = input
  const list = Array.isArray(paths) ? paths : [paths]
  return { rest, paths: list.filter((path) => typeof path === 'string') }
}

/** Runs one call as a unit of work, under its idempotency key and the chaos dial's fate for it. */
export function createExecutor({ state, chaos, includable, log, latency }: ExecutorOptions) {
  const idempotency = createIdempotency(state)

  function work({ route, param, input, byClient }: Call): Answer {
    const { rest, paths } = withoutExpand(input)
    const result = route.handle({ param, input: rest, byClient })
    return { status: 200, body: print(expand(result, paths, { state, includable })) }
  }

  function failureOf(error: unknown, { requestId, route }: Call): StripeFailure {
    if (error instanceof StripeFailure) return error
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error('sandbox.request_failed', { requestId, route: route.path, reason })
    return new StripeFailure(500, {
      type: 'api_error',
      message: 'The sandbox failed; its log has the reason.',
    })
  }

  function perform(call: Call, keyed: KeyedCall | null): Answer {
    const { requestId, idempotencyKey } = call
    const fate = call.method === 'POST' ? chaos.fateOf(requestId, idempotencyKey) : 'normal'
    const stamp = { id: requestId, idempotencyKey }
    try {
      if (fate === 'limited') throw rateLimited()
      if (fate === 'fails_before') throw internalFailure()
      return state.unit(() => {
        const done = work(call)
        const answer = fate === 'fails_after' ? failureAnswer(internalFailure()) : done
        if (keyed !== null) idempotency.store(keyed, answer)
        return answer
      }, stamp)
    } catch (error) {
      const failure = failureOf(error, call)
      const answer = failureAnswer(failure)
      if (keyed !== null && !failure.early) state.unit(() => idempotency.store(keyed, answer))
      return answer
    }
  }

  /** Throws StripeFailure where the idempotency key itself is refused. */
  return async function execute(call: Call): Promise<ExecuteResult> {
    const { method, path, input, idempotencyKey: key } = call
    if (key === null) return { ...perform(call, null), replayed: false }
    const keyed = { key, method, path, input }
    const stored = idempotency.begin(keyed)
    if (stored !== null) return { ...stored, replayed: true }
    try {
      await latency()
      return { ...perform(call, keyed), replayed: false }
    } finally {
      idempotency.release(keyed)
    }
  }
}
