const LIVE = '(expires_at IS NULL OR expires_at > ?2)'
const ON_CACHE =
  'ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, created_at = excluded.created_at'
const ON_RESULT =
  'ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, updated_at = excluded.updated_at'
const ON_CHECKPOINT = `ON CONFLICT (id) DO UPDATE SET task_id = excluded.task_id, sequence = excluded.sequence,
  timestamp = excluded.timestamp, progress = excluded.progress, data = excluded.data, created_at = excluded.created_at`
const ON_FAILURE = `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN state <> 'closed' OR failure_count + 1 >= ?2 THEN 'open' ELSE 'closed' END,
  failure_count = failure_count + 1, last_failure_time = ?3, updated_at = ?3
RETURNING key AS k, failure_count`

/** One call of a cache, one statement. */
export const cacheStatements = (table) => ({
  get: `SELECT value FROM ${table} WHERE key = ?1 AND ${LIVE}`,
  set: `INSERT INTO ${table} (key, value, expires_at) VALUES (?1, ?2, ?3) ${ON_CACHE}`,
})

/** One call, one statement. */
export const SINGLE = {
  ...cacheStatements('cache'),
  recordFailure: `INSERT INTO circuit (key, state, failure_count, last_failure_time, updated_at)
VALUES (?1, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?3, ?3) ${ON_FAILURE}`,
  getResult: `SELECT value, expires_at FROM idempotency WHERE key = ?1 AND ${LIVE}`,
  setResult: `INSERT INTO idempotency (key, value, expires_at) VALUES (?1, ?2, ?3) ${ON_RESULT}`,
  save: `INSERT INTO checkpoints (id, task_id, sequence, timestamp, progress, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ${ON_CHECKPOINT}`,
  cleanup: `DELETE FROM checkpoints WHERE rowid IN (
  SELECT rowid FROM checkpoints WHERE task_id = ?1 ORDER BY sequence DESC, rowid DESC LIMIT -1 OFFSET ?2)`,
  loadLatest: `SELECT id, task_id, sequence, timestamp, progress, data FROM checkpoints INDEXED BY checkpoints_sequence
WHERE task_id = ?1 ORDER BY sequence DESC, rowid DESC LIMIT 1`,
}

/** Many calls, one statement; `?1` is a JSON array with an element per call. */
export const MANY = {
  get: `SELECT calls.key AS i, entries.value FROM json_each(?1) AS calls
CROSS JOIN cache AS entries ON entries.key = calls.value AND ${LIVE}`,
  set: `INSERT INTO cache (key, value, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true ${ON_CACHE}`,
  recordFailure: `INSERT INTO circuit (key, state, failure_count, last_failure_time, updated_at)
SELECT value, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?3, ?3 FROM json_each(?1) WHERE true ${ON_FAILURE}`,
  getResult: `SELECT calls.key AS i, results.value, results.expires_at FROM json_each(?1) AS calls
CROSS JOIN idempotency AS results ON results.key = calls.value AND ${LIVE}`,
  setResult: `INSERT INTO idempotency (key, value, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true ${ON_RESULT}`,
  save: `INSERT INTO checkpoints (id, task_id, sequence, timestamp, progress, data)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE true ${ON_CHECKPOINT}`,
  cleanup: `DELETE FROM checkpoints WHERE rowid IN (
  SELECT old.rowid FROM json_each(?1) AS calls CROSS JOIN checkpoints AS old ON old.task_id = calls.value AND old.rowid IN (
    SELECT rowid FROM checkpoints WHERE task_id = calls.value ORDER BY sequence DESC, rowid DESC LIMIT -1 OFFSET ?2))`,
  loadLatest: `SELECT calls.key AS i, latest.id, task_id, sequence, timestamp, progress, data FROM json_each(?1) AS calls
CROSS JOIN checkpoints AS latest ON latest.rowid = (
  SELECT rowid FROM checkpoints INDEXED BY checkpoints_sequence WHERE task_id = calls.value
  ORDER BY sequence DESC, rowid DESC LIMIT 1)`,
}
