/** Every bound of the runtime. Times are in milliseconds. */
export interface Limits {
  /** Envelopes that may wait for one actor; the next is answered `busy`. */
  readonly mailboxDepth: number
  /** Envelopes of one actor that are decided and committed at once. */
  readonly entriesPerCommit: number
  /** Entries, of all actors, that go to the store in one round trip. */
  readonly entriesPerGroup: number
  /** Effects that one decision may ask for; more is taken for a chart that runs away. */
  readonly effectsPerEntry: number
  /**
   * How often a decision is made again after a conflict, or after a write whose outcome is unknown.
   */
  readonly decisionsPerCommit: number
  /**
   * The pause before deciding again where the store did not answer; grows by this much each time.
   */
  readonly storePauseMs: number
  /** Newest entries that are kept in memory. */
  readonly headsCached: number
  /** Effects performed at once; a quarter of it is kept from providers' calls (`callsAtOnce`). */
  readonly concurrency: number
  /**
   * Effects that wait in this process for a place; past it they wait in the store, for any process.
   */
  readonly heldMax: number
  /** Settlements wait for each other while our own work goes on, until there are so many. */
  readonly settledAtOnce: number
  /** How long a claimed effect is ours. A performer must give up well before. */
  readonly leaseMs: number
  /**
   * Tries of one effect before it is parked; at least 2, for one that is unparked has 1 behind it.
   */
  readonly tries: number
  /** The first back-off; each further one is twice as long. */
  readonly backOffMs: number
  readonly backOffMaxMs: number
  /** The wait for something of ours (a parked or busy actor), which uses up no tries. */
  readonly waitMs: number
  /** It grows with the time that was waited already, up to this. */
  readonly waitMaxMs: number
  /** An effect that is due later than this from now was put off by a clock that was wrong. */
  readonly aheadMaxMs: number
  /** Timers fired at once. */
  readonly timersPerBatch: number
  /** Batches of one `fireDueTimers`: ends a chart whose timer sets itself again without delay. */
  readonly timerBatches: number
}

export const defaultLimits: Limits = {
  // A provider's burst for one customer is tens of events; a thousand means that something loops.
  mailboxDepth: 1_000,
  // With snapshots of a few KB this keeps one actor's commit well below a database's document
  // batch.
  entriesPerCommit: 64,
  entriesPerGroup: 512,
  // The largest legitimate one so far: closing an account, which tells each of its subscriptions.
  effectsPerEntry: 200,
  decisionsPerCommit: 12,
  storePauseMs: 50,
  // About 100 MB at 5 KB each.
  headsCached: 20_000,
  // Well below a provider's limit of calls at once.
  concurrency: 32,
  // A few groups' worth: more would only wait here, out of reach of other processes.
  heldMax: 512,
  // One round trip for all that follows from a webhook, or for a good part of a group.
  settledAtOnce: 64,
  // The Stripe SDK is told to give up after 30 s; two calls and a read-back fit.
  leaseMs: 120_000,
  // With the back-off below about five hours, in which a provider's outage ends and its keys still
  // live.
  tries: 16,
  backOffMs: 1_000,
  backOffMaxMs: 3_600_000,
  waitMs: 5_000,
  // What waits goes on at most this long after a person has mended what it waits for.
  waitMaxMs: 600_000,
  // Longer than every back-off and every lease, and than what a provider asks us to wait.
  aheadMaxMs: 24 * 3_600_000,
  // One group of the store at the most: others have their turn about every 50 ms.
  timersPerBatch: 100,
  timerBatches: 10_000,
}

/** How many providers' calls may run at once: while all of them hang, our own work goes on. */
export function callsAtOnce({ concurrency }: Limits): number {
  return Math.max(1, Math.floor((concurrency * 3) / 4))
}
