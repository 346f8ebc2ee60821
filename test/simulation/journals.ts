import { createHash } from 'node:crypto'
import type { Charts } from '../../actors/decision/chart.ts'
import { createDecider, type Decider } from '../../actors/decision/decide.ts'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Page, Store } from '../../actors/ports.ts'
import { chartStateOf } from '../../actors/decision/read-snapshot.ts'
import { replay } from '../../actors/decision/replay.ts'
import { views } from '../../app/compose.ts'
import { charts as today } from '../../machines/index.ts'
import { deltaOf } from '../../values/delta.ts'
import { type ActorRef, typeOf } from '../../values/ids.ts'
import { type JsonObject, canonical } from '../../values/json.ts'
import { renamedTimer } from './next-release.ts'

// Everything that a store holds, and what must be true of any journal, whatever its story.

async function all<T>(page: (cursor: string | null) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const next: Page<T> = await page(cursor)
    items.push(...next.items)
    cursor = next.cursor
  } while (cursor !== null)
  return items
}

/** Every actor's entries. */
export type Journal = ReadonlyMap<ActorRef, readonly Entry[]>

/** Every actor's entries from the first, actors in the order of their refs. */
export async function readJournal(store: Store): Promise<Journal> {
  const actors = await all((cursor) => store.actors(null, { cursor, limit: 1_000 }))
  const journal = new Map<ActorRef, readonly Entry[]>()
  for (const actor of actors) {
    journal.set(actor, await all((cursor) => store.history(actor, { cursor, limit: 1_000 })))
  }
  return journal
}

/** All rows of all views, as text: two stores show the same if these are equal. */
export async function readViews(store: Store): Promise<Record<string, JsonObject>> {
  const rows: Record<string, JsonObject> = {}
  for (const { name } of views) {
    for (const { key, value } of await all((cursor) =>
      store.viewRows(name, '', { cursor, limit: 1_000 }),
    )) {
      rows[`${name} ${key}`] = value
    }
  }
  return rows
}

/** One line for each entry: what two runs of one seed must have in common. */
export function journalLines(journal: Journal): string[] {
  return [...journal.values()].flat().map((entry) => canonical(entry))
}

export function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

const lastStates: Readonly<Record<string, readonly string[]>> = {
  subscription: ['canceled', 'incomplete_expired'],
  invoice: ['paid', 'void', 'deleted'],
}

/** What is wrong with a journal, a line each. */
export function faultsIn(charts: Charts, journal: Journal): string[] {
  const reader = createDecider(charts)
  return [...journal].flatMap(([actor, entries]) => [
    ...gapsIn(actor, entries),
    ...resurrectionsIn(actor, entries),
    ...entitlementsGoingBack(actor, entries),
    ...unreadable(reader, charts, actor, entries),
    ...differencesWhenReplayed(reader, actor, entries),
  ])
}

function gapsIn(actor: ActorRef, entries: readonly Entry[]): string[] {
  const ids = new Set(entries.map(({ envelope }) => envelope.id))
  return [
    ...(ids.size < entries.length ? [`P2 ${actor} took an envelope twice`] : []),
    ...entries
      .filter(({ seq }, index) => seq !== index + 1)
      .map(({ seq }) => `P1 ${actor} has a gap before ${seq}`),
  ]
}

/** The state of the region `status`, or of a chart without regions. */
export function statusOf({ snapshot }: Entry): string {
  const value = snapshot.state['value']
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const { status } = value
  return typeof status === 'string' ? status : Object.keys(status ?? {}).join()
}

/** I5: what has ended does not come back. */
function resurrectionsIn(actor: ActorRef, entries: readonly Entry[]): string[] {
  const last = lastStates[entries[0]?.snapshot.chart ?? ''] ?? []
  return entries.flatMap((entry, index) => {
    const before = entries[index - 1]
    if (before === undefined || !last.includes(statusOf(before))) return []
    const [from, to] = [statusOf(before), statusOf(entry)]
    return from === to ? [] : [`I5 ${actor}#${entry.seq} left ${from} for ${to}`]
  })
}

/**
 * I8: the version of an entitlement snapshot never goes back, and changes whenever the features do.
 */
function entitlementsGoingBack(actor: ActorRef, entries: readonly Entry[]): string[] {
  if (!actor.startsWith('account/')) return []
  return entries.flatMap((entry, index) => {
    const before = entries[index - 1]
    if (before === undefined) return []
    const [was, is] = [entitlementsOf(before), entitlementsOf(entry)]
    if (is.version < was.version) return [`I8 ${actor}#${entry.seq} went back to ${is.version}`]
    return is.version === was.version && is.features !== was.features
      ? [`I8 ${actor}#${entry.seq} changed its features and kept the version ${is.version}`]
      : []
  })
}

function entitlementsOf({ snapshot }: Entry): { version: number; features: string } {
  const context = objectIn(snapshot.state, 'context')
  const { version, features } = objectIn(context, 'entitlements')
  return { version: Number(version), features: canonical(features) }
}

function objectIn(object: JsonObject, key: string): JsonObject {
  const inner = object[key]
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}
}

/** A10: whatever release wrote an entry, the charts in force can go on from it. */
function unreadable(
  reader: Decider,
  charts: Charts,
  actor: ActorRef,
  entries: readonly Entry[],
): string[] {
  const type = typeOf(actor)
  const names = reader.timerNames(type)
  return entries.flatMap((entry, index) => {
    const fault = (why: string) => `A10 ${actor}#${entry.seq} ${why}`
    try {
      const read = reader.read(entry)
      const { version, timers } = read.snapshot
      // What could leave it is the same where the entry changed nothing.
      if (entry.changed || index === entries.length - 1) reader.possible(entry, entry.committedAt)
      charts[type]?.summaries?.(chartStateOf(read))
      return [
        ...(version === charts[type]?.version ? [] : [fault(`is read at version ${version}`)]),
        ...timers
          .filter(({ name }) => !names.has(name))
          .map(({ name }) => fault(`has the timer ${name}, which nothing takes`)),
      ]
    } catch (error) {
      return [fault(`cannot be read: ${String(error)}`)]
    }
  })
}

/** The envelope as it would have come had there been no other release. */
function asToday(envelope: Envelope): Envelope {
  const { event } = envelope
  if (envelope.source !== 'timer' || event.type !== renamedTimer.to) return envelope
  return { ...envelope, event: { ...event, type: renamedTimer.from } }
}

/**
 * A2: the same envelopes, decided again from nothing by today's charts alone, give the same states
 * and effects. A10: so they do whichever release decided them, each read as the one in force does.
 */
function differencesWhenReplayed(
  reader: Decider,
  actor: ActorRef,
  recorded: readonly Entry[],
): string[] {
  const entries = recorded.map((entry) => reader.read(entry))
  const again = replay(
    today,
    entries.map(({ envelope }) => asToday(envelope)),
  ).map((entry) => reader.read(entry))
  return entries.flatMap((entry, index) => {
    const other = again[index]
    if (other === undefined) return [`A2 ${actor} was replayed in part`]
    const asked = new Set(other.effects.map((effect) => canonical(effect)))
    const same =
      canonical(entry.snapshot) === canonical(other.snapshot) &&
      // Of effects with one `coalesce` key, a drain keeps the first.
      entry.effects.every((effect) => asked.has(canonical(effect)))
    if (same) return []
    const states = deltaOf(entry.snapshot.state, other.snapshot.state) ?? 'another order'
    const how = JSON.stringify({ states, effects: [entry.effects, other.effects] })
    return [`A2 ${actor}#${entry.seq} is decided otherwise when replayed: ${how}`]
  })
}
