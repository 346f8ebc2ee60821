import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StoreOwned } from '../../actors/port-errors.ts'
import { createCheckpoints } from './checkpoints/checkpoints.ts'
import { type Database, openDatabase, sqliteCode } from './driver.ts'
import { holdLock } from './lock.ts'
import { damageNamed } from './opening/damage-named.ts'
import { damageIn, leaveMark, refuseEmptied, refuseShortened } from './opening/whole.ts'

/** Read and written by this user alone. */
const ownerOnly = 0o600

/** The embedded file, owned by this process until it is closed. */
export interface OwnedFile {
  readonly database: Database
  /**
   * Throws `StoreDamaged` if the file has become shorter, or has gone: what is written then is
   * lost.
   */
  checkWhole(): void
  /** `StoreDamaged` where an error says that the file is; any other error as it is. */
  damageIn(error: unknown): unknown
  /** To be called after each commit: moves what the log holds into the file, now and then. */
  afterCommit(): void
  /** Checkpoints, closes, and gives up the ownership. Calling it again does nothing. */
  close(): void
}

/**
 * Opens the file, making it and its folder where they are missing, and owns it alone: a second
 * open, in this process or another, throws `StoreOwned`. `:memory:` has no file and no owner.
 *
 * Ownership is a lock of the operating system on a file beside it, so that it ends with the process
 * however that ends; the pid beside it is for the message alone.
 *
 * What it holds is for its owner's eyes: the file and all beside it can be read by this user alone.
 */
export function openFile(path: string): OwnedFile {
  if (path === ':memory:') return owned(openDatabase(path), { file: null, release: () => {} })
  const file = resolve(path)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  makePrivate(`${file}.lock`)
  const release = own(file)
  try {
    refuseEmptied(file)
    makePrivate(file)
    // SQLite gives its log and its index the file's own permissions; a crash may have left older
    // ones.
    for (const beside of ['-wal', '-shm']) restrict(`${file}${beside}`)
    const opened = owned(openDatabase(file), { file, release })
    leaveMark(file)
    return opened
  } catch (error) {
    release()
    throw damageIn(file, error)
  }
}

/**
 * Makes the file if it is missing, and lets nobody else read it. A lock must not be opened: see
 * `holdLock`.
 */
function makePrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'wx', ownerOnly))
  restrict(path)
}

function restrict(path: string): void {
  try {
    chmodSync(path, ownerOnly)
  } catch (error) {
    // Missing; or on a volume without permissions, or of another user, who lets us write: nothing
    // of ours to mend.
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (!['ENOENT', 'EPERM', 'ENOTSUP'].includes(String(code))) throw error
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
  writeFileSync(ownerFile, `${process.pid}\n`, { mode: ownerOnly })
  restrict(ownerFile)
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

interface FileOwnership {
  /** Null in memory. */
  readonly file: string | null
  readonly release: () => void
}

function owned(database: Database, { file, release }: FileOwnership): OwnedFile {
  let isOpen = true
  /** Moves what the log holds into the file and empties the log. */
  const checkpoint = () => {
    try {
      database.all('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      // Nothing is lost: the log is read again at the next open.
      if (sqliteCode(error) === null) throw error
    }
  }
  // After a checkpoint the file holds all of its pages; it only ever grows.
  let bytes = 0
  if (file !== null) {
    try {
      checkpoint()
      bytes = pagesIn(database)
      refuseShortened(file, bytes)
    } catch (error) {
      database.close()
      throw error
    }
  }
  const checkpoints = createCheckpoints(database, file)
  const named = (error: unknown) => (file === null ? error : damageIn(file, error))
  return {
    database: damageNamed(database, named),
    afterCommit: () => checkpoints.afterCommit(),
    checkWhole() {
      if (file !== null) refuseShortened(file, bytes)
    },
    damageIn: named,
    close() {
      if (!isOpen) return
      isOpen = false
      try {
        checkpoints.close()
        checkpoint()
      } finally {
        database.close()
        release()
      }
    },
  }
}

/** What the database says that it holds, in bytes. */
function pagesIn(database: Database): number {
  const count = Number(database.get('PRAGMA page_count')?.['page_count'] ?? 0)
  return count * Number(database.get('PRAGMA page_size')?.['page_size'] ?? 0)
}
