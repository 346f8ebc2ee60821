import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StoreOwned } from '../../actors/ports.ts'
import { type Database, openDatabase, sqliteCode } from './driver.ts'
import { holdLock } from './lock.ts'

/** The embedded file, owned by this process until it is closed. */
export interface OwnedFile {
  readonly database: Database
  /** Moves what the write-ahead log holds into the file and empties the log. */
  checkpoint(): void
  /** Checkpoints, closes, and gives up the ownership. Calling it again does nothing. */
  close(): void
}

/**
 * Opens the file, making it and its folder where they are missing, and owns it alone: a second open, in this
 * process or another, throws `StoreOwned`. `:memory:` has no file and no owner.
 *
 * Ownership is a lock of the operating system on a file beside it, so that it ends with the process however
 * that ends; the pid beside it is for the message alone.
 */
export function openFile(path: string): OwnedFile {
  if (path === ':memory:') return owned(openDatabase(path), () => {})
  const file = resolve(path)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const release = own(file)
  try {
    return owned(openDatabase(file), release)
  } catch (error) {
    release()
    throw error
  }
}

function own(file: string): () => void {
  const ownerFile = `${file}.owner`
  const unlock = holdLock(`${file}.lock`)
  if (unlock === null) {
    throw new StoreOwned(
      `${file} is in use by ${ownerIn(ownerFile)}: stop that process first, or give this one another file`,
    )
  }
  writeFileSync(ownerFile, `${process.pid}\n`)
  return () => {
    rmSync(ownerFile, { force: true })
    unlock()
  }
}

function ownerIn(ownerFile: string): string {
  try {
    const pid = readFileSync(ownerFile, 'utf8').trim()
    if (/^\d+$/.test(pid)) {
      return pid === String(process.pid)
        ? `this process (pid ${pid})`
        : `the process with pid ${pid}`
    }
  } catch {
    // The owner has the lock and has not written its pid yet.
  }
  return 'another process'
}

function owned(database: Database, release: () => void): OwnedFile {
  let isOpen = true
  const checkpoint = () => {
    try {
      database.all('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      // Nothing is lost: the log is read again at the next open.
      if (sqliteCode(error) === null) throw error
    }
  }
  return {
    database,
    checkpoint,
    close() {
      if (!isOpen) return
      isOpen = false
      try {
        checkpoint()
      } finally {
        database.close()
        release()
      }
    },
  }
}
