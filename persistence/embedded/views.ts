import type { ViewRow } from '../../actors/journal.ts'
import type { Page, PageRequest } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { JsonObject } from '../../values/json.ts'
import { checkCursorText, isStorable } from '../checked.ts'
import { afterPrefix, listByText } from '../pages.ts'
import { jsonText, readObject } from '../stored-json.ts'
import { textIn } from './columns.ts'
import type { Database, Row } from './driver.ts'

/** The rows of one entry. */
export interface EntryRows {
  readonly actor: ActorRef
  readonly seq: number
  readonly rows: readonly ViewRow[]
}

/**
 * Brings the views from the actor's entry before to this one, within the caller's transaction: the first
 * `append` row of a key stays, `latest` rows are replaced, and those that this entry no longer gives go.
 */
export function writeRows(database: Database, { actor, seq, rows }: EntryRows): void {
  for (const row of rows) {
    const replaced = row.keep === 'latest'
    database.run(
      `INSERT INTO view_rows (view, key, actor, seq, latest, value) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (view, key) ${replaced ? replaceRow : 'DO NOTHING'}`,
      [row.view, row.key, actor, seq, replaced, jsonText(row.value)],
    )
  }
  database.run('DELETE FROM view_rows WHERE actor = ? AND latest = 1 AND seq < ?', [actor, seq])
}

const replaceRow = `DO UPDATE SET
  actor = excluded.actor, seq = excluded.seq, latest = excluded.latest, value = excluded.value`

function valueIn(row: Row, view: string): JsonObject {
  return readObject(row['value'], () => `the row ${String(row['key'])} of the view ${view}`)
}

export function createViews(database: Database) {
  return {
    viewRow(view: string, key: string): JsonObject | null {
      if (!isStorable(view) || !isStorable(key)) return null
      const sql = 'SELECT key, value FROM view_rows WHERE view = ? AND key = ?'
      const row = database.get(sql, [view, key])
      return row ? valueIn(row, view) : null
    },
    viewRows(
      view: string,
      prefix: string,
      page: PageRequest,
    ): Page<{ key: string; value: JsonObject }> {
      const list = listByText(`view ${view} ${prefix}`)
      const after = list.after(page)
      checkCursorText(after)
      if (!isStorable(view) || !isStorable(prefix)) return { items: [], cursor: null }
      const end = afterPrefix(prefix)
      const rows = database.all(
        `SELECT key, value FROM view_rows
         WHERE view = ? AND key ${after === null ? '>=' : '>'} ?
         ${end === null ? '' : 'AND key < ?'} ORDER BY key LIMIT ?`,
        [view, after ?? prefix, ...(end === null ? [] : [end]), page.limit + 1],
      )
      const found = rows.map((row) => ({ key: textIn(row, 'key'), value: valueIn(row, view) }))
      return list.page(found, page.limit, ({ key }) => key)
    },
  }
}
