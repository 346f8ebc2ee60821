import { StoreUnavailable } from '../../actors/port-errors.ts'
import type { Store } from '../../actors/ports.ts'

/** When an operation fails: before it has any effect, or after, so that only its answer is lost. */
export type Fault = 'before' | 'after' | null

/** A store whose operations fail as `faultAt` says; it is asked with the number of each, from 1. */
export function faulty(store: Store, faultAt: (operation: number, name: string) => Fault): Store {
  let count = 0
  return new Proxy(store, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]): Promise<unknown> => {
        count += 1
        const fault = faultAt(count, String(key))
        if (fault === 'before') throw new StoreUnavailable(`${String(key)} did not happen`)
        const answer: unknown = await Reflect.apply(method, target, args)
        if (fault === 'after') throw new StoreUnavailable(`${String(key)} went unanswered`)
        return answer
      }
    },
  })
}

/**
 * A store that answers as long as the process lives: it dies at its n-th operation, before or after
 * its effect.
 */
export function dyingAt(store: Store, n: number, when: 'before' | 'after'): Store {
  return faulty(store, (operation) => {
    if (operation < n) return null
    return operation === n ? when : 'before'
  })
}

/** A store of which the n-th operation alone fails. */
export function failingOnce(store: Store, n: number, when: 'before' | 'after'): Store {
  return faulty(store, (operation) => (operation === n ? when : null))
}

/** Counts the operations of a run, so that a test can fail each of them. */
export function counted(store: Store): { store: Store; operations(): number } {
  let operations = 0
  const counting = faulty(store, (operation) => {
    operations = operation
    return null
  })
  return { store: counting, operations: () => operations }
}
