import { z } from 'zod'
import type { Clock, Log } from '../actors/ports.ts'
import { Instant, msOf, msPerDay, plusMs } from '../values/instant.ts'

/**
 * Providers forget events after this (Stripe's `/v1/events`): what is older only the objects can
 * tell.
 */
export const eventsKeptMs = 30 * msPerDay

/** A page's cursor is worth little when the event it names is gone, so an old walk begins again. */
const walkMaxMs = msPerDay

/** One page of a provider's list of events. */
export interface EventPage {
  readonly events: readonly ListedEvent[]
  /** Asks for the next page; null on the last. */
  readonly next: string | null
}

export interface ListedEvent {
  readonly id: string
  /** As a webhook would have brought it. */
  readonly raw: string
}

export interface ReconcilerPorts {
  /**
   * Events created at `since` or later, in any order that does not change; `page` from a former
   * page, or null.
   */
  readonly listEventsSince: (since: Instant, page: string | null) => Promise<EventPage>
  /** Takes one event as a webhook's would be. Must be idempotent: most have arrived already. */
  readonly ingest: (raw: string) => Promise<{ readonly isNew: boolean }>
  /** What `saveCursor` was last given, or null. */
  readonly loadCursor: () => Promise<string | null>
  readonly saveCursor: (cursor: string) => Promise<void>
  /**
   * Told before anything of the walk is saved, and again by each call until the walk is done: what
   * happened from `lostSince` until 30 days ago is no longer listed. Must be idempotent.
   */
  readonly gapFound: (lostSince: Instant) => Promise<void>
  /**
   * The provider's time as far as we know it: the sandbox's clock where the provider is simulated.
   */
  readonly clock: Clock
  readonly log: Log
  /**
   * How far each walk reaches back behind the one before, in milliseconds: events are listed late,
   * clocks differ.
   */
  readonly overlapMs: number
  /** How many pages one call reads at most. */
  readonly pagesMax: number
}

export interface WalkResult {
  /** Events read, and how many of them no webhook had brought. */
  readonly read: number
  readonly missed: number
  /** False if pages are left: call again. */
  readonly done: boolean
  /**
   * True from when events are known to be lost until the walk that found it is done: sweep the
   * objects.
   */
  readonly gap: boolean
}

/** Where the next call goes on. */
const Cursor = z.object({
  /** Everything before this has been read. */
  readUntil: Instant,
  /** The walk under way, whose end makes its beginning the new `readUntil`; null between walks. */
  walk: z
    .object({
      since: Instant,
      beganAt: Instant,
      page: z.string().nullable(),
      gap: z.boolean(),
    })
    .nullable(),
})
type Cursor = z.infer<typeof Cursor>
type Walk = NonNullable<Cursor['walk']>

/**
 * Reads the provider's list of events for what webhooks have missed: a walk through all pages since
 * the walk before, in as many calls as it takes, going on after a crash where the last whole page
 * ended. A rejection (of the list, of `ingest`) ends the call and loses nothing: the next one reads
 * the page again.
 */
export function createReconciler(ports: ReconcilerPorts): () => Promise<WalkResult> {
  return async function reconcile() {
    const now = ports.clock.now()
    const stored = await ports.loadCursor()
    const cursor = stored === null ? firstCursor(now) : Cursor.parse(JSON.parse(stored))
    const walk = walkOf(cursor, now, ports.overlapMs)
    const { log } = ports
    if (walk.gap) {
      log.warn('reconcile.gap_found', { since: walk.since, lostSince: cursor.readUntil })
      await ports.gapFound(cursor.readUntil)
    }
    let page = walk.page
    const total = { read: 0, missed: 0 }
    for (let n = 0; n < ports.pagesMax; n++) {
      const listed = await ports.listEventsSince(walk.since, page)
      total.missed += await ingestAll(listed.events, ports)
      total.read += listed.events.length
      page = listed.next
      const done = page === null
      const next: Cursor = done
        ? { readUntil: walk.beganAt, walk: null }
        : { readUntil: cursor.readUntil, walk: { ...walk, page } }
      await ports.saveCursor(JSON.stringify(next))
      if (done) break
    }
    const result = { ...total, done: page === null, gap: walk.gap }
    log.info('reconcile.progressed', { ...result, since: walk.since })
    return result
  }
}

/**
 * With nothing read before, all that the provider still lists; what is older is for an import, not
 * a gap.
 */
function firstCursor(now: Instant): Cursor {
  return { readUntil: plusMs(now, -eventsKeptMs), walk: null }
}

/**
 * The walk to go on with, or a new one. Reaches back `overlapMs`, but no further than events are
 * kept.
 */
function walkOf(cursor: Cursor, now: Instant, overlapMs: number): Walk {
  const { walk } = cursor
  if (walk && msOf(now) - msOf(walk.beganAt) <= walkMaxMs) return walk
  const oldest = plusMs(now, -eventsKeptMs)
  const wanted = plusMs(cursor.readUntil, -overlapMs)
  return {
    since: wanted > oldest ? wanted : oldest,
    beganAt: now,
    page: null,
    gap: cursor.readUntil < oldest || walk?.gap === true,
  }
}

async function ingestAll(
  events: readonly ListedEvent[],
  { ingest, log }: Pick<ReconcilerPorts, 'ingest' | 'log'>,
): Promise<number> {
  let missed = 0
  for (const event of events) {
    try {
      if ((await ingest(event.raw)).isNew) missed += 1
    } catch (error) {
      log.error('reconcile.ingest_failed', { eventId: event.id, error: String(error) })
      throw error
    }
  }
  return missed
}
