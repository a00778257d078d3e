import type { Step } from '../../../queue/statement.js'
import { ADD_CIRCUIT_COLUMNS } from './circuit-columns.js'
import { CLAIM_TABLES, RESULT_TRIGGERS } from './claim-tables.js'
import { PUBLISHED_TABLES } from './published-tables.js'

/**
 * Numbered and, once released, frozen: a schema change is a new migration at the end. The migrations that a file lacks run in one
 * IMMEDIATE transaction, and each increments the version in go_goscope_meta from its predecessor's. If several processes start at
 * once, one applies them and the others find them applied.
 */
export interface Migration {
  readonly version: number
  /** What it adds, for people. */
  readonly title: string
  /**
   * SQL. known-objects.ts parses it, so write keywords in upper case, names in lower case, and one column per line, indented by
   * two. A column that is not found in a `CREATE TABLE` would make the table a foreign one.
   */
  readonly steps: readonly string[]
}

const PUBLISHED_AND_PREFIXES: Migration = {
  version: 1,
  title:
    'tables of the cache, circuits, results and checkpoints; expiry times of go-go-scope 2.9 from seconds to ms; key prefixes',
  steps: [
    // go-go-scope 2.9 wrote whole epoch seconds. A table that exists before this migration runs was created by 2.9.
    ...PUBLISHED_TABLES.map(({ create }) => create),
    'UPDATE go_goscope_cache SET expires_at = expires_at * 1000 WHERE expires_at IS NOT NULL',
    'UPDATE go_goscope_idempotency SET expires_at = expires_at * 1000 WHERE expires_at IS NOT NULL',
    ...PUBLISHED_TABLES.flatMap(({ indexes }) => indexes),
    // The layout of each prefix; see keys/key-space.ts.
    `CREATE TABLE go_goscope_prefixes (
  prefix TEXT PRIMARY KEY NOT NULL,
  idempotency TEXT NOT NULL CHECK (idempotency IN ('plain', 'qualified')),
  checkpoints TEXT NOT NULL CHECK (checkpoints IN ('plain', 'qualified'))
)`,
  ],
}

// Triggers make a grant, its token and the highest time seen one statement: no reader can see one without the others, and calls
// can share the statement. The counter has its own table because rows of locks come and go, and a token must never be granted
// twice.
const LOCKS: Migration = {
  version: 2,
  title: 'locks in the database',
  steps: [
    `CREATE TABLE go_goscope_locks (
  key TEXT PRIMARY KEY NOT NULL,
  owner TEXT NOT NULL,
  token INTEGER NOT NULL,
  holds INTEGER NOT NULL CHECK (holds >= 0),
  expires_at INTEGER NOT NULL,
  marked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
    'CREATE INDEX idx_locks_expires ON go_goscope_locks(expires_at)',
    `CREATE TABLE go_goscope_lock_counter (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  token INTEGER NOT NULL,
  clock INTEGER NOT NULL
) STRICT`,
    'INSERT INTO go_goscope_lock_counter (id, token, clock) VALUES (1, 0, 0)',
    `CREATE TRIGGER go_goscope_locks_inserted AFTER INSERT ON go_goscope_locks BEGIN
  UPDATE go_goscope_lock_counter SET token = max(token, NEW.token), clock = max(clock, NEW.marked_at) WHERE id = 1;
END`,
    `CREATE TRIGGER go_goscope_locks_updated AFTER UPDATE OF token, marked_at ON go_goscope_locks BEGIN
  UPDATE go_goscope_lock_counter SET token = max(token, NEW.token), clock = max(clock, NEW.marked_at) WHERE id = 1;
END`,
  ],
}

const CLAIMS: Migration = {
  version: 3,
  title: 'claims on idempotency keys',
  steps: [...CLAIM_TABLES, ...RESULT_TRIGGERS],
}

const SHARED_BREAKER: Migration = { version: 4, title: 'circuits that processes share', steps: ADD_CIRCUIT_COLUMNS }

// The current time of the file while the wall clock is behind it; see session/lease-time-record.ts. At most one row.
const LEASE_TIME: Migration = {
  version: 5,
  title: 'the time of leases where a clock is behind',
  steps: [
    `CREATE TABLE go_goscope_lease_time (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  mark INTEGER NOT NULL,
  now INTEGER NOT NULL,
  wall INTEGER NOT NULL
) STRICT`,
    // A grant or renewal that does not advance the highest time invalidates the record, because its lease is newer than the
    // record. Triggers, so that this also works for processes of an earlier release. The condition is in the triggers and not in
    // the statement, where it would cost each grant a quarter of its time.
    ...[
      ['locks_granted', 'INSERT ON go_goscope_locks', 'marked_at'],
      ['locks_renewed', 'UPDATE OF token, marked_at ON go_goscope_locks', 'marked_at'],
      ['claims_granted', 'INSERT ON go_goscope_claims', 'granted_at'],
      ['claims_renewed', 'UPDATE OF granted_at ON go_goscope_claims', 'granted_at'],
    ].map(
      ([name, event, at]) => `CREATE TRIGGER go_goscope_time_${name} AFTER ${event}
WHEN NEW.${at} <= (SELECT mark FROM go_goscope_lease_time WHERE id = 1) BEGIN
  DELETE FROM go_goscope_lease_time;
END`,
    ),
  ],
}

// SQLite rewrites the entry of an index when a statement sets its column, even to the same value. Entries without an expiry,
// which are all in 2.9's index, made a `set` a third slower in memory and write one more page on a large file. The name stays the
// same: 2.9 creates its index if there is none of that name, and can use this one.
const CACHE_EXPIRY: Migration = {
  version: 6,
  title: 'an index on the expiry of the cache without entries that never expire',
  steps: [
    'DROP INDEX IF EXISTS idx_cache_expires',
    'CREATE INDEX idx_cache_expires ON go_goscope_cache(expires_at) WHERE expires_at IS NOT NULL',
  ],
}

/** The schema version that adds the new columns of go_goscope_circuit. */
export const CIRCUIT_COLUMNS_SINCE: number = SHARED_BREAKER.version

export const MIGRATIONS: readonly Migration[] = [
  PUBLISHED_AND_PREFIXES,
  LOCKS,
  CLAIMS,
  SHARED_BREAKER,
  LEASE_TIME,
  CACHE_EXPIRY,
]

/** The schema version that this code writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

const CREATE_META = 'CREATE TABLE IF NOT EXISTS go_goscope_meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)'
const INSERT_VERSION =
  "INSERT INTO go_goscope_meta (key, value) VALUES ('schema_version', ?1) ON CONFLICT DO NOTHING RETURNING key"
const RAISE_VERSION = "UPDATE go_goscope_meta SET value = ?1 WHERE key = 'schema_version' AND value = ?2 RETURNING key"

/** Returns the steps that apply `migration`; they fail with `CONSTRAINT` when another process was first. */
export function migrationSteps({ version, steps }: Migration): Step[] {
  const claim: readonly Step[] =
    version === 1
      ? [{ sql: CREATE_META }, { sql: INSERT_VERSION, parameters: ['1'], expect: 1 }]
      : [{ sql: RAISE_VERSION, parameters: [String(version), String(version - 1)], expect: 1 }]
  return [...claim, ...steps.map((sql) => ({ sql }))]
}
