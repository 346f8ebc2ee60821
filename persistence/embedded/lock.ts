import Libsql from 'libsql'
import { sqliteCode } from './driver.ts'

/**
 * Takes SQLite's exclusive lock on a file of its own, for as long as the process lives or until the
 * function that it returns is called; null if somebody has it. Nothing else may open this file: on
 * POSIX, closing any handle of it gives the lock away.
 */
export function holdLock(path: string): (() => void) | null {
  const lock = new Libsql(path, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (sqliteCode(error) === 'SQLITE_BUSY') return null
    throw error
  }
  return () => {
    lock.exec('ROLLBACK')
    lock.close()
  }
}
