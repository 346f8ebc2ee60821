import { z } from 'zod'
import { JsonObject } from '../../values/json.ts'
import type { Changes } from './changes.ts'
import { at, frozen, isStripeObject } from './fields.ts'
import type { StripeObject, Table } from './objects.ts'

interface Row {
  /** Grows with every object put for the first time: the order of creation. */
  readonly order: number
  readonly object: StripeObject
}

const StoredRow = z.object({
  order: z.int(),
  // Checked, not parsed: the keys stay in their order, which a restart must not change.
  object: z.custom<StripeObject>(
    (value) => JsonObject.safeParse(value).success && isStripeObject(JsonObject.parse(value)),
  ),
})

/** path → value at the path → ids */
type Indexes = Map<string, Map<string, Set<string>>>

function createTable(name: string, changes: Changes, nextOrder: () => number) {
  let rows = new Map<string, Row>()
  const indexes: Indexes = new Map()

  function index(object: StripeObject, how: 'add' | 'delete'): void {
    for (const [path, byValue] of indexes) {
      const value = at(object, path)
      if (typeof value !== 'string') continue
      const ids = byValue.get(value) ?? new Set()
      ids[how](object.id)
      byValue.set(value, ids)
    }
  }

  function set(id: string, row: Row | undefined): void {
    const before = rows.get(id)
    if (before !== undefined) index(before.object, 'delete')
    if (row === undefined) rows.delete(id)
    else {
      rows.set(id, row)
      index(row.object, 'add')
    }
  }

  function write(id: string, row: Row | undefined): void {
    const before = rows.get(id)
    set(id, row)
    changes.record(
      `object/${name}/${id}`,
      () => {
        const now = rows.get(id)
        return now === undefined ? null : JSON.stringify(now)
      },
      () => {
        set(id, before)
        // A row that comes back would stand last; creation order is what lists are made of.
        if (row === undefined) rows = new Map([...rows].sort(([, a], [, b]) => a.order - b.order))
      },
    )
  }

  function indexOf(path: string): Map<string, Set<string>> {
    const known = indexes.get(path)
    if (known !== undefined) return known
    const byValue = new Map<string, Set<string>>()
    indexes.set(path, byValue)
    for (const { object } of rows.values()) {
      const value = at(object, path)
      if (typeof value === 'string')
        byValue.set(value, (byValue.get(value) ?? new Set()).add(object.id))
    }
    return byValue
  }

  const table: Table = {
    get: (id) => rows.get(id)?.object,
    put(object) {
      const order = rows.get(object.id)?.order ?? nextOrder()
      write(object.id, { order, object: frozen(object) })
    },
    remove(id) {
      if (rows.has(id)) write(id, undefined)
    },
    all: () => [...rows.values()].map((row) => row.object),
    first: () => rows.values().next().value?.object,
    where(path, value) {
      const found = [...(indexOf(path).get(value) ?? [])].flatMap((id) => rows.get(id) ?? [])
      return found.sort((a, b) => a.order - b.order).map((row) => row.object)
    },
  }
  return {
    table,
    restore: ({ order, object }: Row) => rows.set(object.id, { order, object: frozen(object) }),
  }
}

/** All tables of a state, made when first named; `stored` is what an earlier run saved. */
export function createTables(changes: Changes, stored: ReadonlyMap<string, string>) {
  let order = 0
  const tables = new Map<string, ReturnType<typeof createTable>>()

  function named(name: string) {
    const known = tables.get(name)
    if (known !== undefined) return known
    const made = createTable(name, changes, () => (order += 1))
    tables.set(name, made)
    return made
  }

  const rows = [...stored]
    .filter(([key]) => key.startsWith('object/'))
    .map(([key, text]) => ({
      name: key.split('/')[1] ?? '',
      row: StoredRow.parse(JSON.parse(text)),
    }))
  for (const { name, row } of rows.sort((a, b) => a.row.order - b.row.order)) {
    named(name).restore(row)
    order = row.order
  }

  return {
    table: (name: string): Table => named(name).table,
    /** The object with this id, whatever its table. */
    find: (id: string): StripeObject | undefined => {
      for (const { table } of tables.values()) {
        const found = table.get(id)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}
