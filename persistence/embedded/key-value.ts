import type { Database } from './driver.ts'

/** Text under keys, for what must survive a restart but is no part of the store. */
export interface KeyValue {
  load(): Map<string, string>
  /** Writes all changes or none; null removes. */
  save(changes: ReadonlyMap<string, string | null>): void
}

/** `space` keeps the keys of several users of one database apart. */
export function createKeyValue(database: Database, space: string): KeyValue {
  database.exec(
    `CREATE TABLE IF NOT EXISTS key_values (
      space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (space, key)
    ) STRICT, WITHOUT ROWID`,
  )
  return {
    load() {
      const kept = new Map<string, string>()
      const sql = 'SELECT key, value FROM key_values WHERE space = ? ORDER BY key'
      for (const { key, value } of database.all(sql, [space])) {
        if (typeof key === 'string' && typeof value === 'string') kept.set(key, value)
      }
      return kept
    },
    save(changes) {
      if (changes.size === 0) return
      database.transaction(() => {
        for (const [key, value] of changes) {
          if (value === null) {
            database.run('DELETE FROM key_values WHERE space = ? AND key = ?', [space, key])
          } else {
            database.run('INSERT OR REPLACE INTO key_values VALUES (?, ?, ?)', [space, key, value])
          }
        }
      })
    },
  }
}
