import type { Page, PageRequest } from '../../../actors/ports.ts'
import type { JsonObject } from '../../../values/json.ts'
import { checkCursorText, isStorable, rowId } from '../../checked.ts'
import { listByText } from '../../pages.ts'
import type { Collections, RowDocument } from '../documents/documents.ts'
import { rangeOf } from '../documents/ranges.ts'
import { restored } from '../documents/stored.ts'

function valueOf({ _id, value }: Pick<RowDocument, '_id' | 'value'>): JsonObject {
  return restored(value, () => `the view's row ${_id}`)
}

export function createViews({ rows }: Collections) {
  return {
    async viewRow(view: string, key: string): Promise<JsonObject | null> {
      const row = await rows.findOne({ _id: rowId(view, key), goneAt: { $exists: false } })
      return row && valueOf(row)
    },
    async viewRows(
      view: string,
      prefix: string,
      page: PageRequest,
    ): Promise<Page<{ key: string; value: JsonObject }>> {
      const list = listByText(`view ${view} ${prefix}`)
      const after = list.after(page)
      checkCursorText(after)
      if (!isStorable(view) || !isStorable(prefix)) return { items: [], cursor: null }
      const start = after === null ? null : rowId(view, after)
      const found = await rows
        .find({ _id: rangeOf(rowId(view, prefix), start), goneAt: { $exists: false } })
        .sort({ _id: 1 })
        .limit(page.limit + 1)
        .project<Pick<RowDocument, '_id' | 'value'>>({ value: 1 })
        .toArray()
      const items = found.map((row) => ({
        key: row._id.slice(view.length + 1),
        value: valueOf(row),
      }))
      return list.page(items, page.limit, ({ key }) => key)
    },
  }
}
