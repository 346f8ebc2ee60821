import type { RowChanges, RowKey } from '../../actors/journal/journal.ts'
import type { Page, PageRequest } from '../../actors/ports.ts'
import type { JsonObject } from '../../values/json.ts'
import { checkCursorText, isStorable } from '../checked.ts'
import { afterPrefix, listByText } from '../pages.ts'
import { jsonText, readObject } from '../stored-json.ts'
import { textIn } from './columns.ts'
import type { Database, Row } from './driver.ts'

/**
 * Brings the views from the actor's entry before to this one, within the caller's transaction: the
 * first `append` row of a key stays, `latest` rows are replaced, and those that are gone go if they
 * are the actor's.
 */
export function writeRows(
  database: Database,
  id: number,
  { put, gone }: RowChanges,
  { isFirst }: { readonly isFirst: boolean },
): void {
  for (const row of put) {
    const value = jsonText(row.value)
    if (row.keep === 'latest' && !isFirst && replaceOwn(database, id, { ...row, value })) continue
    database.run(
      `INSERT INTO view_rows (view, key, actor_id, latest, value) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (view, key) ${row.keep === 'latest' ? replaceAny : 'DO NOTHING'}`,
      [row.view, row.key, id, row.keep === 'latest', value],
    )
  }
  for (const { view, key } of gone) {
    database.run(
      'DELETE FROM view_rows WHERE view = ? AND key = ? AND actor_id = ? AND latest = 1',
      [view, key, id],
    )
  }
}

const replaceAny =
  'DO UPDATE SET actor_id = excluded.actor_id, latest = excluded.latest, value = excluded.value'

/** Touches the row alone, and no index. False if the actor has no such row. */
function replaceOwn(
  database: Database,
  id: number,
  { view, key, value }: RowKey & { readonly value: string },
): boolean {
  const { changes } = database.run(
    'UPDATE view_rows SET value = ? WHERE view = ? AND key = ? AND actor_id = ? AND latest = 1',
    [value, view, key, id],
  )
  return changes > 0
}

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
