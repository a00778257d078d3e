/**
 * The tables exactly as go-go-scope's own adapters created them, so that both can use each other's files. Times in `expires_at`
 * are epoch ms here and were epoch seconds there; migration 1 converts them.
 */
export interface PublishedTable {
  readonly name: string
  /** In the form of a migration step, because its columns are parsed from the SQL. */
  readonly create: string
  readonly indexes: readonly string[]
}

export const CIRCUIT_TABLE: PublishedTable = {
  name: 'go_goscope_circuit',
  create: `CREATE TABLE IF NOT EXISTS go_goscope_circuit (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  failure_count INTEGER NOT NULL DEFAULT 0,
  last_failure_time INTEGER,
  last_success_time INTEGER,
  updated_at INTEGER NOT NULL
)`,
  indexes: [],
}

export const CACHE_TABLE: PublishedTable = {
  name: 'go_goscope_cache',
  create: `CREATE TABLE IF NOT EXISTS go_goscope_cache (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  expires_at INTEGER,
  created_at INTEGER DEFAULT (unixepoch())
)`,
  indexes: ['CREATE INDEX IF NOT EXISTS idx_cache_expires ON go_goscope_cache(expires_at)'],
}

const CHECKPOINTS_TABLE: PublishedTable = {
  name: 'go_goscope_checkpoints',
  create: `CREATE TABLE IF NOT EXISTS go_goscope_checkpoints (
  id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  progress INTEGER NOT NULL DEFAULT 0,
  data TEXT NOT NULL,
  estimated_time_remaining INTEGER,
  created_at INTEGER DEFAULT (unixepoch())
)`,
  indexes: [
    'CREATE INDEX IF NOT EXISTS idx_checkpoints_task ON go_goscope_checkpoints(task_id)',
    'CREATE INDEX IF NOT EXISTS idx_checkpoints_sequence ON go_goscope_checkpoints(task_id, sequence)',
  ],
}

const IDEMPOTENCY_TABLE: PublishedTable = {
  name: 'go_goscope_idempotency',
  create: `CREATE TABLE IF NOT EXISTS go_goscope_idempotency (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  expires_at INTEGER,
  created_at INTEGER DEFAULT (unixepoch()),
  updated_at INTEGER DEFAULT (unixepoch())
)`,
  indexes: [
    'CREATE INDEX IF NOT EXISTS idx_idempotency_expires ON go_goscope_idempotency(expires_at) WHERE expires_at IS NOT NULL',
  ],
}

export const PUBLISHED_TABLES: readonly PublishedTable[] = [
  CIRCUIT_TABLE,
  CACHE_TABLE,
  CHECKPOINTS_TABLE,
  IDEMPOTENCY_TABLE,
]
