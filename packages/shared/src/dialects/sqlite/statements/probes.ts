import { read, type Statement, write } from '../../../queue/statement.js'
import type { ProbeSql } from '../../../stores/circuit-breaker/circuit-sql.js'
import { COLUMNS } from './circuits.js'

const GIVEN = `key AS k, ${COLUMNS}, coalesce(opened_at, updated_at) AS opened_at, generation, isolated, probes`
// `?3` is the name of the probe. A probe is [name, end of its lease, lease].
const OTHER_PROBES = `(SELECT json_group_array(json(value)) FROM json_each(probes) WHERE value ->> 0 <> ?3)`

export const probeSql: ProbeSql = {
  table: 'go_goscope_circuit',

  readCircuit: read('circuitBreaker.admit', 'one', `SELECT ${GIVEN} FROM go_goscope_circuit WHERE key = ?1`, {
    batch: {
      match: 'index',
      sql: `SELECT calls.key AS i, circuits.* FROM json_each(?1) AS calls
CROSS JOIN (SELECT ${GIVEN} FROM go_goscope_circuit) AS circuits ON circuits.k = calls.value`,
    },
  }),

  admitProbe: changed(
    'admit',
    `UPDATE go_goscope_circuit SET
  state = 'half-open', updated_at = ?6, revision = revision + 1,
  probes = (
    SELECT json_group_array(json(probe)) FROM (
      SELECT value AS probe FROM json_each(probes) WHERE value ->> 1 > ?6
      UNION ALL SELECT json_array(?2, ?6 + ?3, ?3)
    )
  )
WHERE key = ?1 AND isolated = 0
  AND (state = 'half-open' OR (state = 'open' AND coalesce(opened_at, updated_at) + ?5 <= ?6))
  AND (SELECT count(*) FROM json_each(probes) WHERE value ->> 1 > ?6) < ?4`,
  ),

  followClock: changed(
    'admit',
    `UPDATE go_goscope_circuit SET
  opened_at = min(coalesce(opened_at, updated_at), ?3), updated_at = ?3, revision = revision + 1,
  probes = (
    SELECT json_group_array(json_array(value ->> 0, min(value ->> 1, ?3 + (value ->> 2)), value ->> 2)) FROM json_each(probes)
  )
WHERE key = ?1 AND generation = ?2`,
  ),

  probeSucceeded: changed(
    'succeeded',
    `UPDATE go_goscope_circuit SET
  state = CASE WHEN successes + 1 >= ?4 THEN 'closed' ELSE state END,
  failure_count = CASE WHEN successes + 1 >= ?4 THEN 0 ELSE failure_count END,
  last_failure_time = CASE WHEN successes + 1 >= ?4 THEN NULL ELSE last_failure_time END,
  last_success_time = ?5, updated_at = ?5,
  opened_at = CASE WHEN successes + 1 >= ?4 THEN NULL ELSE opened_at END,
  generation = generation + (successes + 1 >= ?4),
  successes = CASE WHEN successes + 1 >= ?4 THEN 0 ELSE successes + 1 END,
  probes = CASE WHEN successes + 1 >= ?4 THEN '[]' ELSE ${OTHER_PROBES} END,
  revision = revision + 1
WHERE key = ?1 AND generation = ?2 AND state = 'half-open'
  AND EXISTS (SELECT 1 FROM json_each(probes) WHERE value ->> 0 = ?3 AND value ->> 1 > ?5)`,
  ),

  probeFailed: changed(
    'failed',
    `UPDATE go_goscope_circuit SET
  state = 'open', failure_count = failure_count + 1, last_failure_time = ?4, updated_at = ?4, opened_at = ?4,
  generation = generation + 1, successes = 0, probes = '[]', revision = revision + 1
WHERE key = ?1 AND generation = ?2 AND state = 'half-open'
  AND EXISTS (SELECT 1 FROM json_each(probes) WHERE value ->> 0 = ?3 AND value ->> 1 > ?4)`,
  ),

  probeWithdrawn: changed(
    'withdrawn',
    `UPDATE go_goscope_circuit SET probes = ${OTHER_PROBES}, updated_at = ?4, revision = revision + 1
WHERE key = ?1 AND generation = ?2 AND state = 'half-open'
  AND EXISTS (SELECT 1 FROM json_each(probes) WHERE value ->> 0 = ?3 AND value ->> 1 > ?4)`,
  ),

  callSucceeded: changed(
    'succeeded',
    `UPDATE go_goscope_circuit SET
  failure_count = 0, last_failure_time = NULL, last_success_time = ?3, updated_at = ?3, revision = revision + 1
WHERE key = ?1 AND generation = ?2 AND state = 'closed' AND failure_count > 0`,
  ),

  callFailed: changed(
    'failed',
    `INSERT INTO go_goscope_circuit (
  key, state, failure_count, last_failure_time, updated_at, opened_at, generation, revision
)
SELECT ?1, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?4, ?4, CASE WHEN 1 >= ?2 THEN ?4 END, 1 >= ?2, 1
WHERE ?3 = 0 OR EXISTS (SELECT 1 FROM go_goscope_circuit WHERE key = ?1)
ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN failure_count + 1 >= ?2 THEN 'open' ELSE 'closed' END,
  failure_count = failure_count + 1, last_failure_time = ?4, updated_at = ?4,
  opened_at = CASE WHEN failure_count + 1 >= ?2 THEN ?4 ELSE opened_at END,
  generation = generation + (failure_count + 1 >= ?2),
  successes = 0, probes = '[]', revision = revision + 1
WHERE generation = ?3 AND state = 'closed'`,
  ),
}

function changed(method: string, sql: string): Statement<'one'> {
  return write(`circuitBreaker.${method}`, 'one', `${sql} RETURNING ${GIVEN}`, {
    clocked: 'wall',
    announces: { of: 'probe' },
  })
}
