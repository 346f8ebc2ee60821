import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Clock, Log } from '../../actors/ports.ts'
import { secondsOf } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { StripeFailure } from '../stripe/api/failure.ts'
import { createChanges } from './changes.ts'
import { frozen } from './fields.ts'
import type { StripeObject, Table } from './objects.ts'
import { createQueue, type Queue } from './queue.ts'
import type { SandboxStorage } from './storage.ts'
import { createTables } from './tables.ts'

/** The API version whose shapes the twin speaks. */
export const apiVersion = '2026-10-28.endive'

/** Which API request a unit of work belongs to; its events tell it. Null: nobody asked. */
export interface RequestStamp {
  readonly id: string
  readonly idempotencyKey: string | null
}

/**
 * The state of the simulated Stripe. A request, a page's form and a job are each one synchronous
 * unit of work: what it changed is saved together when it ends, and if it throws nothing of it
 * remains (see `StripeFailure.keeps`). Before a unit begins, every job that is due has run, each at
 * its own time.
 */
export interface SandboxState {
  /** Unix seconds of the sandbox clock; in a job, the time for which it was scheduled. */
  now(): number
  /**
   * `newId('cus')` is `cus_…`: from the seed and a stored counter of its own, so that a run can be
   * repeated.
   */
  newId(prefix: string): string
  /** By the object's own name: `customer`, `subscription`, `invoice`, … */
  table(name: string): Table
  /** The object with this id, whatever its table. */
  find(id: string): StripeObject | undefined
  /** Records an Event with the object as it is now, and queues its webhooks. */
  emit(type: string, object: StripeObject, previous?: JsonObject): void
  /**
   * Runs `kind`'s handler for `id` at `atSeconds`. The same (kind, id) replaces; restarts keep it.
   */
  schedule(kind: string, id: string, atSeconds: number): void
  unschedule(kind: string, id: string): void
  onJob(kind: string, handler: (id: string) => void): void
  /** Runs `work` as a unit, or as a part of the one that is running. */
  unit<T>(work: () => T, request?: RequestStamp): T
}

/** What the rest of the ground needs beyond `SandboxState`. */
export interface Ground extends SandboxState {
  readonly accountId: string
  /** Called for every Event, inside the unit that emitted it. */
  onEvent(handler: (event: StripeObject) => void): void
  /** A stored count of the calls with this name: 1, 2, 3, … Undone with its unit. */
  count(name: string): number
  /** A number in [0, 1) that depends on the seed and the words alone. */
  chance(...words: readonly (string | number)[]): number
  readonly jobs: Queue
  readonly deliveries: Queue
  /** As `unit`, at an earlier moment: without the jobs that are due since. */
  unitAt<T>(atSeconds: number, work: () => T): T
  /** Runs the next job if it is due; false if none is. */
  runNextJob(): boolean
}

export interface SandboxStateOptions {
  readonly clock: Clock
  readonly seed: string
  readonly storage: SandboxStorage | null
  readonly log: Log
}

const Counts = z.record(z.string(), z.int())
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Customers have shorter ids than the rest, and so do products and prices chosen by Stripe. */
const shortPrefixes = new Set(['cus', 'prod'])

function idFrom(seed: string, prefix: string, n: number): string {
  const bytes = createHash('sha256').update(`${seed}:${prefix}:${n}`).digest()
  const length = shortPrefixes.has(prefix) ? 14 : 24
  const letters = [...bytes.subarray(0, length)].map((byte) => alphabet[byte % alphabet.length])
  return `${prefix}_${letters.join('')}`
}

export function createSandboxState({ clock, seed, storage, log }: SandboxStateOptions): Ground {
  const stored = storage?.load() ?? new Map<string, string>()
  const changes = createChanges()
  const { table, find } = createTables(changes, stored)
  const jobs = createQueue('job', changes, stored)
  const deliveries = createQueue('delivery', changes, stored)
  const counts = new Map(Object.entries(Counts.parse(JSON.parse(stored.get('counts') ?? '{}'))))
  const handlers = new Map<string, (id: string) => void>()
  const listeners: ((event: StripeObject) => void)[] = []

  let inUnit: { readonly at: number; readonly request: RequestStamp | null } | null = null
  let lastAt = 0

  const now = () => inUnit?.at ?? Math.max(lastAt, secondsOf(clock.now()))

  function count(name: string): number {
    const before = counts.get(name) ?? 0
    counts.set(name, before + 1)
    changes.record(
      'counts',
      () => JSON.stringify(Object.fromEntries(counts)),
      () => counts.set(name, before),
    )
    return before + 1
  }

  function save(): void {
    if (storage === null) return changes.forget()
    const changed = changes.take()
    if (changed.size > 0) storage.save(changed)
  }

  function run<T>(atSeconds: number, request: RequestStamp | null, work: () => T): T {
    inUnit = { at: atSeconds, request }
    lastAt = atSeconds
    try {
      const result = work()
      save()
      return result
    } catch (error) {
      if (error instanceof StripeFailure && error.keeps) save()
      else changes.rollBack()
      throw error
    } finally {
      inUnit = null
    }
  }

  function runNextJob(): boolean {
    const job = jobs.peek()
    if (job === undefined || job.at > now()) return false
    const atSeconds = Math.max(job.at, lastAt)
    // Taken off in a unit of its own, so that a job that throws is not met again for ever.
    run(atSeconds, null, () => jobs.unschedule(job.kind, job.id))
    try {
      const handler = handlers.get(job.kind)
      if (handler === undefined) throw new Error(`the sandbox knows no job ${job.kind}`)
      run(atSeconds, null, () => handler(job.id))
    } catch (error) {
      log.error('sandbox.job_failed', { kind: job.kind, id: job.id, error: String(error) })
    }
    return true
  }

  function unit<T>(work: () => T, request?: RequestStamp): T {
    if (inUnit !== null) return work()
    while (runNextJob());
    return run(now(), request ?? null, work)
  }

  function unitAt<T>(atSeconds: number, work: () => T): T {
    if (inUnit !== null) return work()
    return run(Math.min(Math.max(atSeconds, lastAt), now()), null, work)
  }

  function emit(type: string, object: StripeObject, previous?: JsonObject): void {
    const event: StripeObject = {
      id: idFrom(seed, 'evt', count('id')),
      object: 'event',
      api_version: apiVersion,
      created: now(),
      data: {
        object: frozen(object),
        ...(previous === undefined ? {} : { previous_attributes: previous }),
      },
      livemode: false,
      pending_webhooks: 0,
      request: {
        id: inUnit?.request?.id ?? null,
        idempotency_key: inUnit?.request?.idempotencyKey ?? null,
      },
      type,
    }
    table('event').put(event)
    for (const listener of listeners) listener(event)
  }

  return {
    accountId: idFrom(seed, 'acct', 0),
    now,
    newId: (prefix) => idFrom(seed, prefix, count(`id/${prefix}`)),
    table,
    find,
    emit,
    schedule: (kind, id, atSeconds) => jobs.schedule({ kind, id, at: atSeconds }),
    unschedule: (kind, id) => jobs.unschedule(kind, id),
    onJob: (kind, handler) => handlers.set(kind, handler),
    unit,
    unitAt,
    onEvent: (handler) => listeners.push(handler),
    count,
    chance: (...words) => {
      const digest = createHash('sha256')
        .update([seed, ...words].join('\n'))
        .digest()
      return digest.readUInt32BE(0) / 2 ** 32
    },
    jobs,
    deliveries,
    runNextJob,
  }
}
