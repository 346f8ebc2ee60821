import { UnknownFormat } from '../errors.ts'
import type { Database } from './driver.ts'

/**
 * Each step brings the file from the format of its index to the next; steps are added, never changed.
 * `entries.document` is the truth, `effects`, `parked` and `requests` are state of their own, and `actors`,
 * `timers` and `view_rows` follow from the entries and are rebuilt from them.
 */
const steps: readonly string[] = [
  `
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    actor TEXT NOT NULL, seq INTEGER NOT NULL, envelope_id TEXT NOT NULL,
    committed_at TEXT NOT NULL, document TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entries_seq ON entries (actor, seq);
  CREATE UNIQUE INDEX entries_envelope ON entries (actor, envelope_id);
  CREATE INDEX entries_at ON entries (actor, committed_at, seq);

  -- timers: the newest snapshot's, as JSON, to see without reading it that they have not changed
  CREATE TABLE actors (actor TEXT PRIMARY KEY, seq INTEGER NOT NULL, timers TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE TABLE timers (
    actor TEXT NOT NULL, name TEXT NOT NULL, instance TEXT NOT NULL, due_at TEXT NOT NULL,
    PRIMARY KEY (actor, name, instance)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX timers_due ON timers (due_at, actor, instance, name);

  -- one row for each effect that is not done; due_at is null while it is parked
  CREATE TABLE effects (
    id TEXT PRIMARY KEY,
    actor TEXT NOT NULL, seq INTEGER NOT NULL, place INTEGER NOT NULL,
    due_at TEXT, tries INTEGER NOT NULL, attempt INTEGER NOT NULL, first_tried_at TEXT,
    last_error TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX effects_due ON effects (due_at, actor, seq, place) WHERE due_at IS NOT NULL;
  CREATE TABLE parked (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, actor TEXT NOT NULL, document TEXT NOT NULL
  ) STRICT;
  CREATE INDEX parked_actor ON parked (actor, place) WHERE kind = 'envelope';

  CREATE TABLE view_rows (
    id INTEGER PRIMARY KEY,
    view TEXT NOT NULL, key TEXT NOT NULL, actor TEXT NOT NULL, seq INTEGER NOT NULL,
    latest INTEGER NOT NULL, value TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX view_rows_key ON view_rows (view, key);
  CREATE INDEX view_rows_actor ON view_rows (actor, seq) WHERE latest = 1;

  CREATE TABLE requests (
    key TEXT PRIMARY KEY, body_hash TEXT NOT NULL, began_at TEXT NOT NULL, answer TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX requests_began ON requests (began_at) WHERE answer IS NOT NULL;

  CREATE TABLE pings (id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
  INSERT INTO pings VALUES (1, 0);
  `,
  `
  -- what is not a provider's call is found without looking at those that are
  ALTER TABLE effects ADD COLUMN lane TEXT NOT NULL DEFAULT 'own';
  UPDATE effects SET lane = 'provider' WHERE EXISTS (
    SELECT 1 FROM entries j WHERE j.actor = effects.actor AND j.seq = effects.seq
    AND json_extract(j.document, '$.effects[' || effects.place || '].provider') IS NOT NULL
    AND json_extract(j.document, '$.effects[' || effects.place || '].kind') <> 'event.apply'
  );
  CREATE INDEX effects_own ON effects (due_at, actor, seq, place)
    WHERE due_at IS NOT NULL AND lane = 'own';
  `,
]

/** Makes the tables or brings them up to date. Throws `UnknownFormat` for a file of a newer release. */
export function prepareSchema(database: Database, where: string): void {
  const found = Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0)
  if (found > steps.length) throw new UnknownFormat(where, { found, known: steps.length })
  if (found === steps.length) return
  database.transaction(() => {
    for (const step of steps.slice(found)) database.exec(step)
    database.exec(`PRAGMA user_version = ${steps.length}`)
  })
}
