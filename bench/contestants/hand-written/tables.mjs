/** Our tables and indexes, so that every hand-written contestant does the same work on disk. */
export const TABLES = `
CREATE TABLE cache (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER DEFAULT (unixepoch()));
CREATE INDEX cache_expires ON cache(expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE circuit (
  key TEXT PRIMARY KEY, state TEXT NOT NULL, failure_count INTEGER NOT NULL DEFAULT 0, last_failure_time INTEGER,
  last_success_time INTEGER, updated_at INTEGER NOT NULL
);
CREATE TABLE idempotency (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER DEFAULT (unixepoch()),
  updated_at INTEGER DEFAULT (unixepoch())
);
CREATE INDEX idempotency_expires ON idempotency(expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE checkpoints (
  id TEXT PRIMARY KEY, task_id TEXT NOT NULL, sequence INTEGER NOT NULL, timestamp INTEGER NOT NULL,
  progress INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL, estimated_time_remaining INTEGER,
  created_at INTEGER DEFAULT (unixepoch())
);
CREATE INDEX checkpoints_task ON checkpoints(task_id);
CREATE INDEX checkpoints_sequence ON checkpoints(task_id, sequence);
`
