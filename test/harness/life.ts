import { setImmediate } from 'node:timers/promises'
import type { Store } from '../../actors/ports.ts'
import type { FetchLike } from '../../providers/stripe/client.ts'
import { faulty, type Fault } from '../contract/runtime-faults.ts'

/**
 * How long a process lives, counted in the words that it exchanges with the store and with Stripe.
 */
export interface Life {
  /** It dies at its `words`-th word from now; if not `heard`, the word itself is never sent. */
  dieAfter(words: number, heard: boolean): void
  readonly isOver: boolean
  /** Rejects with ProcessDied when it is over. */
  readonly end: Promise<never>
}

export class ProcessDied extends Error {
  override readonly name = 'ProcessDied'
  readonly code = 'process_died'
}

/**
 * What a process may touch of the world: once its life is over, nothing that it does has any
 * effect.
 */
export interface Grip {
  readonly life: Life
  readonly store: Store
  readonly fetch: FetchLike
}

/** Binds a store and a way to Stripe to a life of their own. */
export function alive(store: Store, fetch: FetchLike): Grip {
  let left = Number.POSITIVE_INFINITY
  let isHeard = false
  let isOver = false
  let die = (_why: unknown) => {}
  const end = new Promise<never>((_resolve, reject) => {
    die = reject
  })
  end.catch(() => {})

  function word(): Fault {
    if (isOver) return 'before'
    left -= 1
    if (left > 0) return null
    isOver = true
    setImmediate().then(() => die(new ProcessDied('killed by the test')), die)
    return isHeard ? 'after' : 'before'
  }

  return {
    life: {
      dieAfter(words, heard) {
        left = words
        isHeard = heard
      },
      get isOver() {
        return isOver
      },
      end,
    },
    store: faulty(store, word),
    fetch: async (url, init) => {
      const fault = word()
      if (fault === 'before') throw new ProcessDied('this process is dead')
      const answer = await fetch(url, init)
      if (fault === 'after') throw new ProcessDied('it died before the answer came')
      return answer
    },
  }
}
