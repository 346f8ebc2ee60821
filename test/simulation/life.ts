import { StoreUnavailable } from '../../actors/port-errors.ts'
import type { Store } from '../../actors/ports.ts'
import type { FetchLike } from '../../providers/stripe/client.ts'
import type { Draw } from './draw.ts'

/** How bad a day it is for our own machinery: shares of all operations. */
export interface Weather {
  /** Operations of the store that fail, half before their effect and half after it. */
  readonly storeFails: number
  /**
   * Calls to the provider whose connection breaks, half before they arrive and half before the
   * answer.
   */
  readonly callsBreak: number
  /**
   * Operations of either kind at which the process dies, half before their effect and half after
   * it.
   */
  readonly dies: number
}

export const fairWeather: Weather = { storeFails: 0, callsBreak: 0, dies: 0 }

export interface Life {
  isAlive(): boolean
  /**
   * All that the process does goes through these two: a dead one has no effect on anything any
   * more.
   */
  readonly store: Store
  readonly fetch: FetchLike
  /** The operations that it has begun. */
  operations(): number
}

export interface LifeOptions {
  readonly store: Store
  readonly fetch: FetchLike
  readonly draw: Draw
  readonly weather: () => Weather
}

type Fate = 'before' | 'after' | null

/** A process from its start to its death. */
export function createLife({ store, fetch, draw, weather }: LifeOptions): Life {
  let alive = true
  let operations = 0

  /** What becomes of the next operation. Of a dead process there is none. */
  function fate(fails: number): Fate {
    if (!alive) return 'before'
    operations += 1
    const drawn = draw.share()
    const { dies } = weather()
    if (drawn >= dies + fails) return null
    if (drawn < dies) {
      alive = false
      return drawn < dies / 2 ? 'before' : 'after'
    }
    return drawn - dies < fails / 2 ? 'before' : 'after'
  }

  return {
    isAlive: () => alive,
    operations: () => operations,
    store: new Proxy(store, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key)
        if (typeof method !== 'function') return method
        return async (...args: unknown[]): Promise<unknown> => {
          const drawn = fate(weather().storeFails)
          if (drawn === 'before') throw new StoreUnavailable(`${String(key)} did not happen`)
          const answer: unknown = await Reflect.apply(method, target, args)
          if (drawn === 'after') throw new StoreUnavailable(`${String(key)} went unanswered`)
          return answer
        }
      },
    }),
    async fetch(url, init) {
      const drawn = fate(weather().callsBreak)
      if (drawn === 'before') throw new TypeError('fetch failed: the connection was refused')
      const answer = await fetch(url, init)
      if (drawn === 'after') throw new TypeError('fetch failed: the connection was reset')
      return answer
    },
  }
}
