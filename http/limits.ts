import type { AdmissionLimits } from './middleware/admission.ts'

/**
 * Every bound of the HTTP door. Times are in milliseconds of the computer's clock, sizes in bytes.
 */
export interface HttpLimits {
  readonly webhookBytes: number
  readonly bodyBytes: number
  /** Levels of arrays and objects in a JSON body. */
  readonly bodyLevels: number
  /** How long `POST /v1/subscriptions` waits for the provider's first word. */
  readonly firstWordMs: number
  /** How often a followed actor is looked up, for what other processes commit. */
  readonly lookMs: number
  /** Looks between two heartbeats of a stream. */
  readonly looksPerHeartbeat: number
  /**
   * Missed changes that a resumed stream sends one by one; of more it sends the newest state alone.
   */
  readonly resumedChanges: number
  /** Streams that are open at once. */
  readonly streams: number
  /** Of these, for one account. */
  readonly streamsPerAccount: number
  readonly admission: AdmissionLimits
  /**
   * How long any request is worked on before it is answered 503: longer than the store's own
   * time-outs.
   */
  readonly answerMs: number
  /** A keyed request that began longer ago than this is taken for crashed, and may begin again. */
  readonly keyedRequestMs: number
  /** Accounts whose entitlements are kept in memory. */
  readonly entitlementsCached: number
  /** For how long a kept snapshot is served before the store is asked whether it is the newest. */
  readonly entitlementsFreshMs: number
  /** The same where no other process can write to the store: every commit is seen as it is made. */
  readonly entitlementsAloneFreshMs: number
  /** For how long a kept snapshot is served while the store does not answer. */
  readonly entitlementsStaleMs: number
  /** Links of one chain of causes. */
  readonly causes: number
}

export const defaultHttpLimits: HttpLimits = {
  // Stripe's largest events are invoices with hundreds of lines; they stay below 500 KB.
  webhookBytes: 1_048_576,
  // The largest of our own requests is an operator's event of a few KB.
  bodyBytes: 262_144,
  // Our own requests have four; MongoDB keeps a hundred, of which the journal needs a few.
  bodyLevels: 32,
  // Two calls to the provider take about a second; a browser's user waits no longer than this.
  firstWordMs: 5_000,
  lookMs: 1_000,
  // Proxies cut a silent connection after 30 to 60 seconds.
  looksPerHeartbeat: 15,
  resumedChanges: 200,
  // Each holds a socket and looks its actor up once a second.
  streams: 2_000,
  // A person with some tabs on some devices.
  streamsPerAccount: 20,
  // Webhooks are stored in groups of hundreds, some groups a second: a thousand wait for a second
  // or two, and one that is refused comes again after minutes.
  admission: {
    bodies: 2_000,
    webhooks: 1_024,
    commands: 128,
    commandsLeast: 8,
    // A person waits this long for a page; a provider for seconds.
    targetMs: 2_000,
    commandLagMs: 250,
    webhookLagMs: 500,
    retrySecondsMax: 10,
  },
  // The store gives up a call after 10 s and is tried again; Stripe and proxies wait for 30 s.
  answerMs: 25_000,
  // Well over the longest request, which waits for `firstWordMs`.
  keyedRequestMs: 60_000,
  // About 35 MB: some 500 bytes of text each, and what the map takes.
  entitlementsCached: 50_000,
  // What another process commits is seen here at most this much later.
  entitlementsFreshMs: 1_000,
  // For a commit whose answer was lost, of which nobody was told.
  entitlementsAloneFreshMs: 30_000,
  // Access outlives an outage of ours for as long as an operator needs to be woken.
  entitlementsStaleMs: 15 * 60_000,
  // A paid invoice after a dunning case has about ten.
  causes: 50,
}
