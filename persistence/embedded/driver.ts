import Libsql from 'libsql'
import { StoreClosed } from '../../actors/port-errors.ts'

export type Bind = string | number | bigint | boolean | null | Uint8Array
export type Column = string | number | bigint | null | Uint8Array
export type Row = Readonly<Record<string, Column>>

/**
 * One SQLite file, synchronous, one statement at a time. Integers come back exact: as a number
 * where it can hold them, else as a bigint. Booleans are stored as 0 and 1. Throws `StoreClosed`
 * after `close`, RangeError for a value that SQLite would silently change, and SQLite's own error
 * (with its `code`) for the rest.
 */
export interface Database {
  /** Runs statements that take no values and whose rows nobody wants. */
  exec(sql: string): void
  run(sql: string, binds?: readonly Bind[]): Changes
  get(sql: string, binds?: readonly Bind[]): Row | undefined
  all(sql: string, binds?: readonly Bind[]): Row[]
  /**
   * Commits what `work` wrote when it returns and undoes it when it throws. One inside another is a
   * part of it that can fail alone. `work` must not be async: the transaction would end before it.
   */
  transaction<T>(work: () => T): T
  /** How many rows were inserted, updated or deleted since it was opened, also in vain. */
  changes(): number
  close(): void
}

export interface Changes {
  /** How many rows were inserted, updated or deleted. */
  readonly changes: number
  /** Of the row that was inserted last, now or before. */
  readonly rowId: number
}

interface PreparedStatement {
  readonly statement: Libsql.Statement
  readonly arity: number
}

const preparedMax = 500

/** Opens or makes the file (`:memory:` for none) in WAL mode, synced to disk at every commit. */
export function openDatabase(path: string): Database {
  const raw = new Libsql(path, { timeout: 5000 })
  raw.defaultSafeIntegers(true)
  raw.exec('PRAGMA journal_mode = WAL')
  raw.exec('PRAGMA synchronous = FULL')
  raw.exec('PRAGMA foreign_keys = ON')
  const prepare = preparedBy(raw)
  let isOpen = true
  let changed = 0
  const live = () => {
    if (!isOpen) throw new StoreClosed(`the database ${path} was closed; open it again to use it`)
  }
  const prepared = (sql: string, binds: readonly Bind[]) => {
    live()
    const { statement, arity } = prepare(sql)
    if (arity !== binds.length) {
      throw new RangeError(`the statement takes ${arity} values and got ${binds.length}: ${sql}`)
    }
    return statement
  }
  return {
    exec(sql) {
      live()
      raw.exec(sql)
    },
    run(sql, binds = []) {
      const { changes, lastInsertRowid } = prepared(sql, binds).run(binds.map(boundValue))
      changed += changes
      return { changes, rowId: Number(lastInsertRowid) }
    },
    get(sql, binds = []) {
      const row = prepared(sql, binds).get(binds.map(boundValue))
      return row === undefined || row === null ? undefined : rowOf(row)
    },
    all(sql, binds = []) {
      return prepared(sql, binds).all(binds.map(boundValue)).map(rowOf)
    },
    transaction: transactionOf(raw, live),
    changes: () => changed,
    close() {
      if (!isOpen) return
      isOpen = false
      raw.close()
    },
  }
}

/**
 * Statements are kept: each new one costs memory until the event loop turns. The oldest goes first.
 */
function preparedBy(raw: Libsql.Database): (sql: string) => PreparedStatement {
  const kept = new Map<string, PreparedStatement>()
  return (sql) => {
    const known = kept.get(sql)
    if (known) return known
    const made = { statement: raw.prepare(sql), arity: arityOf(sql) }
    if (kept.size >= preparedMax) {
      for (const oldest of kept.keys()) {
        kept.delete(oldest)
        break
      }
    }
    kept.set(sql, made)
    return made
  }
}

/** How many values a statement takes: libsql accepts too few or too many in silence. */
function arityOf(sql: string): number {
  const bare = sql.replaceAll(/'[^']*'|"[^"]*"|--.*$/gm, '')
  const places = [...bare.matchAll(/\?(\d*)/g)].map((match) => match[1] ?? '')
  const numbered = places.filter((place) => place !== '').map(Number)
  if (numbered.length === 0) return places.length
  if (numbered.length < places.length) throw new RangeError(`mixes ? with ?1: ${sql}`)
  return Math.max(...numbered)
}

function transactionOf(raw: Libsql.Database, live: () => void): Database['transaction'] {
  let depth = 0
  let undoneBy: unknown = null
  return (work) => {
    live()
    // Else a part would become a transaction of its own, and be kept.
    if (depth > 0 && !raw.inTransaction) throw undoneBy
    const name = `level_${depth}`
    raw.exec(depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${name}`)
    depth += 1
    try {
      const result = work()
      if (result instanceof Promise) {
        throw new TypeError('a transaction must not be async: await before it or after it')
      }
      if (!raw.inTransaction) throw undoneBy
      raw.exec(depth === 1 ? 'COMMIT' : `RELEASE ${name}`)
      return result
    } catch (error) {
      // SQLite undoes the whole transaction by itself on a full disk or a failed write.
      if (raw.inTransaction) {
        raw.exec(depth === 1 ? 'ROLLBACK' : `ROLLBACK TO ${name}; RELEASE ${name}`)
      } else {
        undoneBy = error
      }
      throw error
    } finally {
      depth -= 1
    }
  }
}

type Bound = string | number | bigint | null | Buffer

/**
 * libsql aborts the process on a boolean, cuts text at NUL, and stores NaN as NULL and integers as
 * REAL.
 */
function boundValue(value: Bind): Bound {
  if (value === null) return null
  if (typeof value === 'string') return boundText(value)
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return boundNumber(value)
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value) return value
    throw new RangeError(`SQLite cannot hold the integer ${value}: it has 64 bits`)
  }
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

function boundNumber(value: number): number | bigint {
  if (!Number.isFinite(value)) throw new RangeError(`SQLite cannot hold the number ${value}`)
  return Number.isSafeInteger(value) ? BigInt(value) : value
}

function boundText(text: string): string {
  if (text.includes('\0')) {
    throw new RangeError('SQLite cuts text at a NUL character: remove it, or store JSON or bytes')
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw new RangeError('half of a UTF-16 pair is not text: remove it, or store JSON or bytes')
  }
  return text
}

function rowOf(raw: unknown): Row {
  if (typeof raw !== 'object' || raw === null) throw new TypeError('libsql gave no row')
  const row: Record<string, Column> = {}
  for (const [name, value] of Object.entries(raw)) {
    if (name !== '_metadata') row[name] = columnOf(value)
  }
  return row
}

function columnOf(value: unknown): Column {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'bigint') {
    const near = Number(value)
    return Number.isSafeInteger(near) ? near : value
  }
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new TypeError(`libsql gave a column of type ${typeof value}`)
}

/** SQLite's code for what went wrong, such as `SQLITE_BUSY`; null if the error is not SQLite's. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : null
}
