import type { Entry, ViewRow } from './journal/journal.ts'

/** A list, a look-up or a ledger, computed from entries one by one: it knows no other actor's. */
export interface View {
  readonly name: string
  /**
   * The rows that follow from this entry. A `latest` row that a later entry of the actor does not
   * yield again goes, so an entry yields all of its actor's latest rows, each time. Pure: the view
   * is rebuilt from it.
   */
  rows(entry: Entry): readonly ViewRow[]
}

export type Projector = (entry: Entry) => readonly ViewRow[]

/** A view that yields rows of another, or two views of one name: a bug, found when it is made. */
export class ViewFault extends Error {
  override readonly name = 'ViewFault'
  readonly code = 'view_fault'
}

/**
 * All views as one function. `read` brings an entry that an older release wrote to today's form, so
 * that a view knows one form alone.
 */
export function projector(views: readonly View[], read: (entry: Entry) => Entry): Projector {
  const names = new Set(views.map((view) => view.name))
  if (names.size < views.length) throw new ViewFault('two views have one name')
  return (stored) => {
    const entry = read(stored)
    return views.flatMap((view) => {
      const rows = view.rows(entry)
      const stray = rows.find((row) => row.view !== view.name)
      if (stray === undefined) return rows
      throw new ViewFault(`the view ${view.name} yields a row of ${stray.view}`)
    })
  }
}
