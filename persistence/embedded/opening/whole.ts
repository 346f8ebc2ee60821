import { existsSync, statSync, writeFileSync } from 'node:fs'
import { StoreDamaged } from '../../../actors/store-damaged.ts'
import { sqliteCode } from '../driver.ts'

// SQLite makes a new database of an empty file in silence, and reads a shortened one until it
// comes to the end: a mark beside the file says that there was one, and its size is looked at.

/** Where it stands that this file was made once. */
export function markOf(file: string): string {
  return `${file}.made`
}

/** Throws `StoreDamaged` if the file is missing or empty, and its mark says that it was not. */
export function refuseEmptied(file: string): void {
  if (!existsSync(markOf(file)) || sizeOf(file) > 0) return
  throw new StoreDamaged(
    `${file} is missing or empty, and ${markOf(file)} says that it held a store: ${restore(file)}. ` +
      `To begin with nothing instead, remove ${markOf(file)} as well`,
  )
}

/** Leaves the mark, readable by its owner alone. */
export function leaveMark(file: string): void {
  if (existsSync(markOf(file))) return
  writeFileSync(markOf(file), 'tenure.db beside this file holds a store\n', { mode: 0o600 })
}

/** Throws `StoreDamaged` if the file is shorter than `bytes`, or gone. */
export function refuseShortened(file: string, bytes: number): void {
  const size = sizeOf(file)
  if (size >= bytes) return
  throw new StoreDamaged(
    `${file} has ${size} bytes and should have ${bytes} or more: ${restore(file)}`,
  )
}

/** `StoreDamaged` where SQLite says that the file is; any other error as it is. */
export function damageIn(file: string, error: unknown): unknown {
  const code = sqliteCode(error)
  if (code === null || !/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return error
  return new StoreDamaged(`${file} is damaged (${code}): ${restore(file)}`, { cause: error })
}

function restore(file: string): string {
  return (
    `stop Tenure, keep ${file} and what stands beside it for whoever looks for the cause, and put the newest ` +
    'backup in its place (docs/operations.md, Backups)'
  )
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
