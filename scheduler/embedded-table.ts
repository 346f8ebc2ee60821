import { z } from 'zod'
import type { Bind, Database } from '../persistence/embedded/driver.ts'
import { type JobRecord, recordOf, textOf } from './job-record.ts'

// The table of jobs in the embedded file. The columns beside `body` are copies of what a look-up
// needs.

export interface JobTable {
  /** Makes the table if it is not there. */
  create(): void
  all(): JobRecord[]
  byId(id: string): JobRecord | undefined
  named(name: string): JobRecord[]
  put(record: JobRecord): void
  remove(id: string): void
  /** How many are due before this moment, locked or not. */
  countDue(beforeMs: number): number
  /**
   * The job to run next: due by `dueMs` and not locked, or with a lock from `lockDeadlineMs` or
   * before.
   */
  next(name: string, dueMs: number, lockDeadlineMs: number): JobRecord | undefined
  /** Runs `work` as one write. */
  atomically<T>(work: () => T): T
}

const schema = `
  create table if not exists agenda_jobs (
    id text primary key,
    name text not null,
    priority integer not null,
    next_run_ms integer,
    locked_ms integer,
    is_disabled integer not null,
    body text not null
  ) strict;
  create index if not exists agenda_jobs_by_name on agenda_jobs (name, next_run_ms);
`

const nextSql = `
  select body from agenda_jobs
  where name = ? and is_disabled = 0
    and ((locked_ms is null and next_run_ms <= ?) or locked_ms <= ?)
  order by next_run_ms, priority desc
  limit 1`

const putSql = `
  insert into agenda_jobs (id, name, priority, next_run_ms, locked_ms, is_disabled, body)
  values (?, ?, ?, ?, ?, ?, ?)
  on conflict (id) do update set
    name = excluded.name, priority = excluded.priority, next_run_ms = excluded.next_run_ms,
    locked_ms = excluded.locked_ms, is_disabled = excluded.is_disabled, body = excluded.body`

const Body = z.object({ body: z.string() })
const Count = z.object({ jobs: z.coerce.number() })

export function createJobTable(database: Database): JobTable {
  const many = (sql: string, binds: readonly Bind[]): JobRecord[] =>
    database.all(sql, binds).map((row) => recordOf(Body.parse(row).body))
  const one = (sql: string, binds: readonly Bind[]): JobRecord | undefined => {
    const row = database.get(sql, binds)
    return row === undefined ? undefined : recordOf(Body.parse(row).body)
  }
  return {
    create: () => database.exec(schema),
    all: () => many('select body from agenda_jobs order by id', []),
    byId: (id) => one('select body from agenda_jobs where id = ?', [id]),
    named: (name) => many('select body from agenda_jobs where name = ? order by id', [name]),
    put(record) {
      database.run(putSql, [
        record._id,
        record.name,
        Math.trunc(record.priority),
        record.nextRunAt?.getTime() ?? null,
        record.lockedAt?.getTime() ?? null,
        record.disabled ? 1 : 0,
        textOf(record),
      ])
    },
    remove(id) {
      database.run('delete from agenda_jobs where id = ?', [id])
    },
    countDue(beforeMs) {
      const sql = 'select count(*) as jobs from agenda_jobs where next_run_ms < ?'
      return Count.parse(database.get(sql, [beforeMs])).jobs
    },
    next: (name, dueMs, lockDeadlineMs) => one(nextSql, [name, dueMs, lockDeadlineMs]),
    atomically: (work) => database.transaction(work),
  }
}
