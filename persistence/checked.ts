import type { Commit, RowKey } from '../actors/journal/journal.ts'
import { BadCursor } from '../actors/port-errors.ts'

// What both homes refuse in the same words, before anything is written: a RangeError is a bug of
// the caller.

const viewName = /^[\w.-]{1,64}$/

/** Throws RangeError for a commit that no store could hold or find again. */
export function checkCommit({ entry, rows }: Commit): void {
  const where = `${entry.actor}#${entry.seq}`
  if (!Number.isSafeInteger(entry.seq) || entry.seq < 1) {
    throw new RangeError(`${where}: the seq of an entry is a whole number from 1`)
  }
  checkText(entry.envelope.id, `${where}: the envelope's id`)
  const ids = new Set<string>()
  for (const { id } of entry.effects) {
    if (!id.startsWith(`${where}.`) || ids.has(id)) {
      throw new RangeError(`${where}: the effect's id ${id} is not ${where}.<n>, each n once`)
    }
    ids.add(id)
  }
  checkRows([...rows.put, ...rows.gone], where)
}

/** Throws RangeError for rows that a view could not hold. */
export function checkRows(rows: readonly RowKey[], where: string): void {
  const seen = new Set<string>()
  for (const { view, key } of rows) {
    const id = rowId(view, key)
    if (!viewName.test(view)) throw new RangeError(`${where}: ${view} is no name for a view`)
    if (seen.has(id)) throw new RangeError(`${where}: gives the row ${id} twice`)
    checkText(key, `${where}: the key of a row of ${view}`)
    seen.add(id)
  }
}

/** One id for a row of any view: no view's name holds a slash. */
export function rowId(view: string, key: string): string {
  return `${view}/${key}`
}

/**
 * True if both homes keep this text as it is: SQLite cuts at NUL, and half a UTF-16 pair is no
 * UTF-8.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

export function checkText(text: string, what: string): void {
  if (!isStorable(text)) throw new RangeError(`${what} holds a NUL character or half a UTF-16 pair`)
}

/**
 * Texts to begin a page after, or to look up by, come from outside: what cannot be stored is a bad
 * cursor.
 */
export function checkCursorText(text: string | null): void {
  if (text !== null && !isStorable(text)) {
    throw new BadCursor('this cursor was not given by this list: ask for the first page again')
  }
}
