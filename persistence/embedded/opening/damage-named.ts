import type { Database } from '../driver.ts'

/**
 * The database, whose every error names the damage that it shows: whoever uses it (the store, the
 * scheduler, a command) says what to restore.
 */
export function damageNamed(database: Database, damageIn: (error: unknown) => unknown): Database {
  const named = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw damageIn(error)
    }
  }
  return {
    exec: (sql) => named(() => database.exec(sql)),
    run: (sql, binds) => named(() => database.run(sql, binds)),
    get: (sql, binds) => named(() => database.get(sql, binds)),
    all: (sql, binds) => named(() => database.all(sql, binds)),
    transaction: (work) => named(() => database.transaction(work)),
    changes: () => database.changes(),
    close: () => database.close(),
  }
}
