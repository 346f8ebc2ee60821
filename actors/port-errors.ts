// What adapters throw.

/** Try again: the provider or the network was not able, and nothing is wrong with the request. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater'
  readonly code = 'retry_later'
  /** Wait at least this long; null leaves it to the delivery's own back-off. */
  readonly afterMs: number | null
  /**
   * True if the attempt is known to have done nothing and its idempotency key is spent: take a new
   * one.
   */
  readonly newAttempt: boolean
  /**
   * False if waiting for something of ours (a parked actor, a read budget), which must not use up
   * the tries.
   */
  readonly counts: boolean
  /**
   * True if it may be done already, and only its result waits: the next claim has its `tries` above
   * 0.
   */
  readonly begun: boolean

  constructor(
    message: string,
    options: {
      afterMs?: number
      newAttempt?: boolean
      counts?: boolean
      begun?: boolean
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.afterMs = options.afterMs ?? null
    this.newAttempt = options.newAttempt ?? false
    this.counts = options.counts ?? true
    this.begun = options.begun ?? false
  }
}

/**
 * The store did not answer: a write may or may not have happened, and is decided by doing it again.
 */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable'
  readonly code: string = 'store_unavailable'
}

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed'
  readonly code = 'store_closed'
}

/** Another process owns the embedded file. */
export class StoreOwned extends Error {
  override readonly name = 'StoreOwned'
  readonly code = 'store_owned'
}

export class BadCursor extends Error {
  override readonly name = 'BadCursor'
  readonly code = 'bad_cursor'
}
