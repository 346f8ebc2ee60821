import { UnknownFormat } from '../errors.ts'
import type { Database } from './driver.ts'

/** Older files are refused: 1 and 2 are of release 0.1.0, and 3 is of none. */
const formatFirst = 4

/**
 * Each step brings the file from one format to the next; steps are added, never changed.
 *
 * An actor is known by a number here, its name stands once. `entries.document` is the truth
 * (`document.ts`), `effects`, `results`, `parked` and `requests` are state of their own, and
 * `actors.seq`, `timers` and `view_rows` follow from the entries and are rebuilt from them. Times
 * are milliseconds since 1970.
 *
 * Each index costs an entry up to a page of the log: there is none that a hot path does not need.
 * What only forget.ts asks for, it makes.
 */
const steps: readonly string[] = [
  `
  -- seq and committed_at: the newest entry's; has_rows: 1 once it has given a row of a view
  CREATE TABLE actors (
    id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL, committed_at INTEGER NOT NULL, has_rows INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY, actor_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    committed_at INTEGER NOT NULL, envelope_id TEXT NOT NULL, document TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entries_seq ON entries (actor_id, seq);
  CREATE UNIQUE INDEX entries_envelope ON entries (actor_id, envelope_id);

  CREATE TABLE timers (
    actor_id INTEGER NOT NULL, name TEXT NOT NULL, instance TEXT NOT NULL, due_at INTEGER NOT NULL,
    PRIMARY KEY (actor_id, name, instance)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX timers_due ON timers (due_at);

  -- one row for each effect that is not done, <actor>#<seq>.<n>. Lane 0 is our own work, 1 calls a provider;
  -- due_at is null while it is parked; held is 1 while a claim of this process lasts
  CREATE TABLE effects (
    actor_id INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL,
    lane INTEGER NOT NULL, due_at INTEGER, held INTEGER NOT NULL,
    tries INTEGER NOT NULL, attempt INTEGER NOT NULL, first_tried_at INTEGER, last_error TEXT,
    PRIMARY KEY (actor_id, seq, n)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX effects_due ON effects (lane, due_at) WHERE due_at IS NOT NULL;
  -- what those that are done said, if anything
  CREATE TABLE results (
    actor_id INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL, result TEXT NOT NULL,
    PRIMARY KEY (actor_id, seq, n)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE parked (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, actor TEXT NOT NULL, document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX parked_actor ON parked (actor, place) WHERE kind = 'envelope';

  CREATE TABLE view_rows (
    view TEXT NOT NULL, key TEXT NOT NULL,
    actor_id INTEGER NOT NULL, latest INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (view, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE requests (
    key TEXT PRIMARY KEY, body_hash TEXT NOT NULL, began_at INTEGER NOT NULL, answer TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX requests_began ON requests (began_at) WHERE answer IS NOT NULL;

  CREATE TABLE pings (id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
  INSERT INTO pings VALUES (1, 0);
  `,
  `
  -- the long text of the entry's event (../text-packer.ts), whose member the document names
  ALTER TABLE entries ADD COLUMN packed BLOB;
  `,
  `
  -- JSON: how often, when, and at the word of which person, it was last tried again
  ALTER TABLE effects ADD COLUMN retried TEXT;
  `,
]

const formatKnown = formatFirst + steps.length - 1

/**
 * Makes the tables or brings them up to date. Throws `UnknownFormat` for a file that it cannot
 * read.
 */
export function prepareSchema(database: Database, where: string): void {
  const found = Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0)
  if (found > formatKnown || (found !== 0 && found < formatFirst)) {
    throw new UnknownFormat(where, { found, known: formatKnown })
  }
  if (found === formatKnown) return
  database.transaction(() => {
    for (const step of steps.slice(found === 0 ? 0 : found - formatFirst + 1)) database.exec(step)
    database.exec(`PRAGMA user_version = ${formatKnown}`)
  })
}
