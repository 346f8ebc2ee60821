import type { Page, PageRequest } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import { afterPrefix, listOfActors } from '../pages.ts'
import { actorIn, integerIn } from './columns.ts'
import type { Database } from './driver.ts'

/** The actor's number in this file, or null if it has no entry. */
export function actorId(database: Database, ref: ActorRef): number | null {
  const row = database.get('SELECT id FROM actors WHERE ref = ?', [ref])
  return row ? integerIn(row, 'id') : null
}

export function createActors(database: Database) {
  return {
    newestSeqs(refs: readonly ActorRef[]): ReadonlyMap<ActorRef, number> {
      const rows = database.all(
        'SELECT ref, seq FROM actors WHERE ref IN (SELECT value FROM json_each(?))',
        [JSON.stringify(refs)],
      )
      return new Map(rows.map((row) => [actorIn(row), integerIn(row, 'seq')]))
    },
    actors(type: string | null, page: PageRequest, idPrefix = ''): Page<ActorRef> {
      const { list, prefix } = listOfActors(type, idPrefix)
      // Refs are ASCII, so that '~~' comes after all of them.
      const end = afterPrefix(prefix) ?? '~~'
      const rows = database.all(
        'SELECT ref FROM actors WHERE ref > ? AND ref < ? ORDER BY ref LIMIT ?',
        [list.after(page) ?? prefix, end, page.limit + 1],
      )
      const refs = rows.map((row) => actorIn(row))
      return list.page(refs, page.limit, (ref) => ref)
    },
  }
}
