import type { Envelope } from '../../actors/journal/envelope.ts'
import type { Page, PageRequest, ParkedItem } from '../../actors/ports.ts'
import { parkedId } from '../../actors/tell-outcome.ts'
import type { ActorRef } from '../../values/ids.ts'
import { listByNumber } from '../pages.ts'
import { jsonText, readParked } from '../stored-json.ts'
import { actorIn, integerIn, textIn } from './columns.ts'
import type { Database, Row } from './driver.ts'

/** Lists the item, or replaces it where it stands, within the caller's transaction. */
export function listParked(database: Database, item: ParkedItem): void {
  database.run(
    `INSERT INTO parked (id, kind, actor, document) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
    [item.id, item.kind, item.actor, jsonText(item)],
  )
}

export function unlistParked(database: Database, id: string): void {
  database.run('DELETE FROM parked WHERE id = ?', [id])
}

/**
 * Takes it from the list, within the caller's transaction; null if nothing is parked under this id.
 */
export function takeParked(database: Database, id: string): ParkedItem['kind'] | null {
  const row = database.get('SELECT kind FROM parked WHERE id = ?', [id])
  if (row === undefined) return null
  unlistParked(database, id)
  return row['kind'] === 'effect' ? 'effect' : 'envelope'
}

export function hasParkedEnvelopes(database: Database): boolean {
  return database.get(`SELECT 1 FROM parked WHERE kind = 'envelope' LIMIT 1`) !== undefined
}

/** Whether an envelope of its actor is parked, and not this one. */
export function isHeldBack(database: Database, envelope: Envelope): boolean {
  const parked = database.all(`SELECT id FROM parked WHERE actor = ? AND kind = 'envelope'`, [
    envelope.to,
  ])
  const own = parkedId(envelope)
  return parked.length > 0 && parked.every((row) => row['id'] !== own)
}

export function parkedIn(row: Row): ParkedItem {
  return readParked(row['document'], () => `the parked item ${String(row['id'])}`)
}

export function createParked(database: Database) {
  return {
    parked(page: PageRequest): Page<ParkedItem> {
      const list = listByNumber('parked')
      const rows = database.all(
        'SELECT place, id, document FROM parked WHERE place > ? ORDER BY place LIMIT ?',
        [list.after(page) ?? 0, page.limit + 1],
      )
      const { items, cursor } = list.page(rows, page.limit, (row) => integerIn(row, 'place'))
      return { items: items.map(parkedIn), cursor }
    },
    parkedItem(id: string): ParkedItem | null {
      const row = database.get('SELECT id, document FROM parked WHERE id = ?', [id])
      return row ? parkedIn(row) : null
    },
    parkedEnvelope(actor: ActorRef): ParkedItem | null {
      const row = database.get(
        `SELECT id, document FROM parked WHERE actor = ? AND kind = 'envelope'
         ORDER BY place LIMIT 1`,
        [actor],
      )
      return row ? parkedIn(row) : null
    },
    parkedAmong(actors: readonly ActorRef[]): ReadonlyMap<ActorRef, string> {
      const rows = database.all(
        `SELECT actor, id, min(place) FROM parked
         WHERE kind = 'envelope' AND actor IN (SELECT value FROM json_each(?)) GROUP BY actor`,
        [JSON.stringify(actors)],
      )
      return new Map(rows.map((row) => [actorIn(row, 'actor'), textIn(row, 'id')]))
    },
  }
}
