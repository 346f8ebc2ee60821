import { Buffer } from 'node:buffer'
import { BadCursor } from '../actors/port-errors.ts'
import type { Page, PageRequest } from '../actors/ports.ts'

const limitMax = 1000

/** Throws RangeError for a limit outside 1 to 1,000. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    throw new RangeError(`a limit is a whole number from 1 to ${limitMax}, not ${limit}`)
  }
}

/** One list that is paged through: a cursor of another list is refused. */
export interface List<Key extends string | number> {
  /**
   * The key after which the page begins, or null for the first page. Throws BadCursor, RangeError.
   */
  after(request: PageRequest): Key | null
  /** Makes a page of what was found, of which there is one more than the limit if more follow. */
  page<T>(found: readonly T[], limit: number, keyOf: (item: T) => Key): Page<T>
}

export function listByText(name: string): List<string> {
  return listOf(name, (key): key is string => typeof key === 'string')
}

/** The list of all actors, or of those of one type whose id begins so, and how their refs begin. */
export function listOfActors(
  type: string | null,
  idPrefix: string,
): { list: List<string>; prefix: string } {
  if (type === null) return { list: listByText('actors '), prefix: '' }
  const list = listByText(`actors ${type}${idPrefix === '' ? '' : `/${idPrefix}`}`)
  return { list, prefix: `${type}/${idPrefix}` }
}

export function listByNumber(name: string): List<number> {
  return listOf(name, (key): key is number => Number.isSafeInteger(key))
}

function listOf<Key extends string | number>(
  name: string,
  isKey: (key: unknown) => key is Key,
): List<Key> {
  return {
    after({ cursor, limit }) {
      checkLimit(limit)
      if (cursor === null) return null
      const read = readCursor(cursor)
      if (read?.[0] === name && read.length === 2 && isKey(read[1])) return read[1]
      throw new BadCursor('this cursor was not given by this list: ask for the first page again')
    },
    page(found, limit, keyOf) {
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const more = found.length > limit && last !== undefined
      return { items, cursor: more ? writeCursor([name, keyOf(last)]) : null }
    },
  }
}

function writeCursor(place: readonly [string, string | number]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

function readCursor(cursor: string): readonly unknown[] | null {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(place) ? place : null
  } catch {
    return null
  }
}

/**
 * The first text after every text that begins with `prefix`, in the order of UTF-8 bytes; null if
 * there is none, as for an empty prefix.
 */
export function afterPrefix(prefix: string): string | null {
  const points = Array.from(prefix)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const code = last.codePointAt(0) ?? 0
    if (code < 0x10ffff) {
      // The code points of surrogates are no characters: the one after U+D7FF is U+E000.
      const next = code === 0xd7ff ? 0xe000 : code + 1
      return points.join('') + String.fromCodePoint(next)
    }
  }
  return null
}

/** Compares as UTF-8 bytes, which JavaScript's own order of strings does not. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
