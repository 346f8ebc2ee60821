import { type Collection, type Document, MongoNetworkTimeoutError } from 'mongodb'

/** The writes that may be large, and the place of their options. */
const optionsAt: Readonly<Record<string, number>> = {
  insertMany: 1,
  bulkWrite: 1,
  deleteMany: 1,
  updateOne: 2,
  updateMany: 2,
  findOneAndUpdate: 2,
}

/**
 * The same collection, whose writes end within `ms`. The driver's own time-out does not end a write
 * that the server stopped reading: it closes the socket, and goes on waiting for it to drain. Its
 * `signal` does end it, and the connection with it, so that nothing of the pool is lost.
 */
export function withEndingWrites<T extends Document>(
  collection: Collection<T>,
  ms: number,
): Collection<T> {
  return new Proxy(collection, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      const place = typeof name === 'string' ? optionsAt[name] : undefined
      if (place === undefined || typeof member !== 'function') return member
      return (...given: unknown[]) =>
        endingWithin(ms, (signal) => {
          const before = given[place]
          const options = typeof before === 'object' ? { ...before, signal } : { signal }
          const args = [...given.slice(0, place), options]
          return Promise.resolve(Reflect.apply(member, target, args))
        })
    },
  })
}

async function endingWithin(
  ms: number,
  write: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const ending = new AbortController()
  const timer = setTimeout(() => {
    ending.abort(new MongoNetworkTimeoutError(`the server took no more of a write for ${ms} ms`))
  }, ms)
  try {
    return await write(ending.signal)
  } finally {
    clearTimeout(timer)
  }
}
