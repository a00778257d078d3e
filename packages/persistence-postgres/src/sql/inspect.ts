import { type InspectSql, read } from '@go-go-scope/persistence-core/dialect'
import { inRange, nameAndNext, ofValue } from './pages.js'
import { leaseNowAt, nowAt } from './time.js'

/** @param schema Quoted. */
export function inspectSql(schema: string): InspectSql {
  const [locks, circuits, idempotency, checkpoints, prefixes] = [
    `${schema}.locks`,
    `${schema}.circuit`,
    `${schema}.idempotency`,
    `${schema}.checkpoints`,
    `${schema}.prefixes`,
  ]
  const following = (condition: string): string =>
    `SELECT task_id FROM ${checkpoints} WHERE ${condition} ORDER BY task_id LIMIT 1`

  return {
    locks: read(
      'inspect.locks',
      'many',
      `SELECT ${nameAndNext('lock.key')}, lock.owner, lock.token::float8 AS token, abs(lock.holds) AS holds, lock.expires_at,
  (lock.expires_at > ${leaseNowAt(5)})::int AS lasts
FROM ${locks} AS lock WHERE ${inRange('lock.key')} ORDER BY lock.key LIMIT $4::int`,
      { clocked: 'lease' },
    ),

    circuits: read(
      'inspect.circuits',
      'many',
      `SELECT ${nameAndNext('key')}, key AS k, state, failure_count, last_failure_time, last_success_time, updated_at,
  opened_at, isolated, probes::text AS probes
FROM ${circuits} AS circuit WHERE ${inRange('key')} ORDER BY key LIMIT $4::int`,
    ),

    claims: read(
      'inspect.claims',
      'many',
      `SELECT ${nameAndNext('key')}, owner, generation::float8 AS generation, granted_at, claimed_until AS expires_at,
  (claimed_until > ${leaseNowAt(5)})::int AS lasts
FROM ${idempotency} AS entry WHERE claimed_until IS NOT NULL AND ${inRange('key')} ORDER BY key LIMIT $4::int`,
      { clocked: 'lease' },
    ),

    results: read(
      'inspect.results',
      'many',
      `SELECT ${nameAndNext('key')}, state, fingerprint, expires_at, (expires_at IS NULL OR expires_at > ${nowAt(6)})::int AS lasts, octets AS bytes,
  CASE WHEN octets::float8 <= $5::float8 THEN content END AS value,
  CASE WHEN octets::float8 <= $5::float8 THEN unstored END AS unstored
FROM (
  SELECT key, fingerprint, coalesce(failure, value) AS content, unstored,
    coalesce(octet_length(failure), octet_length(value), octet_length(unstored)) AS octets,
    CASE WHEN failure IS NULL THEN expires_at ELSE failure_expires_at END AS expires_at,
    CASE WHEN failure IS NOT NULL THEN 'failed' WHEN value IS NOT NULL THEN 'completed' WHEN unstored IS NOT NULL THEN 'unstored' END AS state
  FROM ${idempotency} AS entry WHERE ${inRange('key')} ORDER BY key LIMIT $4::int
) AS entry ORDER BY key`,
      { clocked: 'wall' },
    ),

    // Walks the index from task to task, not from checkpoint to checkpoint.
    tasks: read(
      'inspect.tasks',
      'many',
      `WITH RECURSIVE tasks(id) AS (
  (${following(inRange('task_id'))})
  UNION ALL
  SELECT (${following(`task_id > tasks.id AND ${inRange('task_id')}`)}) FROM tasks WHERE tasks.id IS NOT NULL
)
SELECT ${nameAndNext('tasks.id')}, newest.*, (SELECT count(*)::int FROM ${checkpoints} WHERE task_id = tasks.id) AS checkpoints
FROM (SELECT id FROM tasks WHERE id IS NOT NULL LIMIT $4::int) AS tasks CROSS JOIN LATERAL (
  SELECT id, sequence::float8 AS sequence, timestamp, progress, estimated_time_remaining, ${ofValue('data')}
  FROM ${checkpoints} WHERE task_id = tasks.id ORDER BY ${checkpoints}.sequence DESC, row_id DESC LIMIT 1
) AS newest`,
    ),

    prefixes: read(
      'inspect.prefixes',
      'many',
      `SELECT ${nameAndNext('prefix')}, prefix FROM ${prefixes} AS used WHERE ${inRange('prefix')} ORDER BY prefix LIMIT $4::int`,
    ),

    plainPrefix: read(
      'inspect.names',
      'one',
      `SELECT prefix FROM ${prefixes} WHERE prefix <= $1::text AND idempotency = 'plain' ORDER BY prefix DESC LIMIT 1`,
    ),

    plainTasks: read('inspect.names', 'one', `SELECT prefix FROM ${prefixes} WHERE checkpoints = 'plain' LIMIT 1`),
  }
}
