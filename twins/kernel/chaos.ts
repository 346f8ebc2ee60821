import { z } from 'zod'
import { StripeFailure } from '../stripe/api/failure.ts'
import { numberAt } from './fields.ts'
import type { StripeObject } from './objects.ts'
import type { Ground } from './state.ts'

const share = z.number().min(0).max(1)
const day = 24 * 3600

/**
 * How badly the network between the twin and its user behaves. All draws come from `seed` and the
 * thing drawn for (an event, a request), so that one seed gives one weather.
 */
export const ChaosDial = z.strictObject({
  seed: z.string().max(200).default('calm'),
  /** Extra copies of every webhook. */
  duplicate: z.int().min(0).max(10).default(0),
  /** Webhooks of one second are sent in a drawn order instead of the order of their events. */
  shuffle: z.boolean().default(false),
  /** Every copy waits from 0 to this many seconds of the sandbox clock before its first try. */
  delayMaxSeconds: z
    .int()
    .min(0)
    .max(3 * day)
    .default(0),
  /** The share of copies whose first try is lost on the way, so that only a retry brings them. */
  dropUntilRetry: share.default(0),
  /**
   * The share of POST requests answered 500: half of them before the work was done, half after it.
   */
  http500: share.default(0),
  /** The share of POST requests refused with 429, nothing done. */
  http429: share.default(0),
})
export type ChaosDial = z.infer<typeof ChaosDial>

export const calm: ChaosDial = ChaosDial.parse({})

/** Every webhook doubled, shuffled, delayed up to a day, and a third lost until retried. */
export function worst(seed: string): ChaosDial {
  return { ...calm, seed, duplicate: 1, shuffle: true, delayMaxSeconds: day, dropUntilRetry: 1 / 3 }
}

export interface DeliveryPlan {
  readonly delaySeconds: number
  /** Lower goes first among deliveries of one second. */
  readonly rank: number
  readonly dropFirst: boolean
}

export type RequestFate = 'normal' | 'fails_before' | 'fails_after' | 'limited'

const row = 'dial'

export function createChaos(state: Ground) {
  const table = state.table('sandbox.chaos')
  const tries = state.table('sandbox.try')

  function get(): ChaosDial {
    const stored = table.get(row)
    return stored === undefined ? calm : ChaosDial.parse(stored['dial'])
  }

  /** Counts from 1, and forgets keys when Stripe does. */
  function nthTry(key: string): number {
    const nth = 1 + (numberAt(tries.get(key) ?? {}, 'count') ?? 0)
    state.unit(() => {
      for (let old = tries.first(); old !== undefined; old = tries.first()) {
        if (old.created + day > state.now()) break
        tries.remove(old.id)
      }
      const created = tries.get(key)?.created ?? state.now()
      tries.put({ id: key, object: 'sandbox.try', created, livemode: false, count: nth })
    })
    return nth
  }

  return {
    get,
    /** Throws a ZodError if the dial is not one. It rules what is planned from now on. */
    set: (dial: z.input<typeof ChaosDial>): ChaosDial => {
      const parsed = ChaosDial.parse(dial)
      const object: StripeObject = {
        id: row,
        object: 'sandbox.chaos',
        created: state.now(),
        livemode: false,
        dial: parsed,
      }
      state.unit(() => table.put(object))
      return parsed
    },

    plan(eventId: string, copy: string): DeliveryPlan {
      const dial = get()
      const draw = (what: string) => state.chance(dial.seed, what, eventId, copy)
      return {
        delaySeconds: Math.floor(draw('delay') * (dial.delayMaxSeconds + 1)),
        rank: dial.shuffle ? draw('rank') : 0,
        dropFirst: draw('drop') < dial.dropUntilRetry,
      }
    },

    /**
     * Drawn for the key and the number of the try with it, so that no order of arrival matters;
     * else for the id.
     */
    fateOf(requestId: string, key: string | null): RequestFate {
      const dial = get()
      if (dial.http429 === 0 && dial.http500 === 0) return 'normal'
      const subject = key === null ? [requestId] : [key, nthTry(key)]
      if (state.chance(dial.seed, 'limit', ...subject) < dial.http429) return 'limited'
      const draw = state.chance(dial.seed, 'fail', ...subject)
      if (draw >= dial.http500) return 'normal'
      return draw < dial.http500 / 2 ? 'fails_before' : 'fails_after'
    },
  }
}

export type Chaos = ReturnType<typeof createChaos>

export function internalFailure(): StripeFailure {
  return new StripeFailure(500, {
    type: 'api_error',
    message: 'An unknown error occurred: the sandbox was told to fail some requests.',
  })
}

export function rateLimited(): StripeFailure {
  return new StripeFailure(
    429,
    {
      type: 'invalid_request_error',
      code: 'rate_limit',
      message: 'Request rate limit exceeded: the sandbox was told to limit some requests.',
    },
    { early: true },
  )
}
