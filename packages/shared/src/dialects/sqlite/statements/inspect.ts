import type { InspectSql } from '../../../inspect/inspect-sql.js'
import { read } from '../../../queue/statement.js'
import { LAST_GRANT } from './claims.js'
import { MARK } from './locks.js'
import { anyNumbers, inRange, isBeforeEnd, nameAndNext, ofValue } from './pages.js'

const NEWEST = `SELECT rowid FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
  WHERE task_id = tasks.id ORDER BY sequence DESC, rowid DESC LIMIT 1`

export const inspectSql: InspectSql = {
  locks: read(
    'inspect.locks',
    'many',
    `SELECT ${nameAndNext()}, owner, ${anyNumbers('token', 'holds', 'expires_at')}, expires_at > max(?5, ${MARK}) AS lasts
FROM go_goscope_locks WHERE ${inRange()} ORDER BY key LIMIT ?4`,
    { clocked: 'lease', scans: true },
  ),

  circuits: read(
    'inspect.circuits',
    'many',
    `SELECT ${nameAndNext()}, key AS k, state, probes,
  ${anyNumbers('failure_count', 'last_failure_time', 'last_success_time', 'updated_at', 'opened_at', 'isolated')}
FROM go_goscope_circuit WHERE ${inRange()} ORDER BY key LIMIT ?4`,
    { scans: true },
  ),

  claims: read(
    'inspect.claims',
    'many',
    `SELECT ${nameAndNext()}, owner, ${anyNumbers('generation', 'granted_at', 'expires_at')}, expires_at > max(?5, ${LAST_GRANT}) AS lasts
FROM go_goscope_claims WHERE ${inRange()} ORDER BY key LIMIT ?4`,
    { clocked: 'lease', scans: true },
  ),

  // A blob value marks a result that could not be stored. A kept failure is newer than the result.
  results: read(
    'inspect.results',
    'many',
    `SELECT ${nameAndNext('results.key')}, ${ofValue('results.value')}, ${anyNumbers('results.expires_at')}, failures.fingerprint,
  CASE WHEN failures.failure IS NULL THEN CASE typeof(results.value) WHEN 'blob' THEN 'unstored' ELSE 'completed' END END AS state,
  results.expires_at IS NULL OR results.expires_at > ?6 AS lasts
FROM go_goscope_idempotency AS results LEFT JOIN go_goscope_claim_records AS failures ON failures.key = results.key
WHERE ${inRange('results.key')} ORDER BY results.key LIMIT ?4`,
    { clocked: 'wall', scans: true },
  ),

  failures: read(
    'inspect.results',
    'many',
    `SELECT ${nameAndNext()}, ${ofValue('failure')}, ${anyNumbers('expires_at')}, fingerprint, CASE WHEN failure IS NOT NULL THEN 'failed' END AS state,
  expires_at IS NULL OR expires_at > ?6 AS lasts
FROM go_goscope_claim_records WHERE ${inRange()} ORDER BY key LIMIT ?4`,
    { clocked: 'wall', scans: true },
  ),

  // Jumps from task to task in the index and does not read each checkpoint. Rows are returned in the order in which they are
  // found.
  tasks: read(
    'inspect.tasks',
    'many',
    `WITH RECURSIVE tasks(id) AS (
  SELECT min(task_id) FROM go_goscope_checkpoints WHERE ${inRange('task_id')}
  UNION ALL
  SELECT (SELECT min(task_id) FROM go_goscope_checkpoints WHERE task_id > tasks.id AND ${isBeforeEnd('task_id')})
  FROM tasks WHERE tasks.id IS NOT NULL LIMIT ?4
)
SELECT ${nameAndNext('tasks.id')}, newest.id,
  ${anyNumbers('newest.sequence', 'newest.timestamp', 'newest.progress', 'newest.estimated_time_remaining')}, ${ofValue('newest.data')},
  (SELECT count(*) FROM go_goscope_checkpoints WHERE task_id = tasks.id) AS checkpoints
FROM tasks CROSS JOIN go_goscope_checkpoints AS newest ON newest.rowid = (${NEWEST})`,
    { scans: true },
  ),

  prefixes: read(
    'inspect.prefixes',
    'many',
    `SELECT ${nameAndNext('prefix')}, prefix FROM go_goscope_prefixes WHERE ${inRange('prefix')} ORDER BY prefix LIMIT ?4`,
    { scans: true },
  ),

  plainPrefix: read(
    'inspect.names',
    'one',
    `SELECT prefix FROM go_goscope_prefixes WHERE prefix <= ?1 AND idempotency = 'plain' ORDER BY prefix DESC LIMIT 1`,
  ),

  // The first recorded prefix, unless it was deleted.
  plainTasks: read(
    'inspect.names',
    'one',
    "SELECT prefix FROM go_goscope_prefixes WHERE checkpoints = 'plain' ORDER BY rowid LIMIT 1",
  ),

  standbys: {
    // Both tables, because a log with a missing table has no followers.
    table: `SELECT 1 WHERE (SELECT count(*) FROM main.sqlite_master
  WHERE type = 'table' AND name IN ('go_goscope_changes', 'go_goscope_followers')) = 2`,
    list: `SELECT id, seq, (SELECT max(seq) FROM main.go_goscope_changes) - seq AS behind, seen_at
FROM main.go_goscope_followers ORDER BY id`,
  },
}
