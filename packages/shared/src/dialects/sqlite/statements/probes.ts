import type { Statement } from '../../../queue/statement.js'
import { COLUMNS, FAILURE_COLUMNS, firstFailure, onFailure } from './circuits.js'

const GIVEN = `key AS k, ${COLUMNS}, coalesce(opened_at, updated_at) AS opened_at, generation, isolated, probes`
const OTHER_PROBES = `(SELECT json_group_array(json(value)) FROM json_each(probes) WHERE value ->> 0 <> ?3)`
const isProbing = (now: string): string => `key = ?1 AND generation = ?2 AND state = 'half-open'
  AND EXISTS (SELECT 1 FROM json_each(probes) WHERE value ->> 0 = ?3 AND value ->> 1 > ${now})`

const changing = (name: string, sql: string): Statement<'one'> => ({
  name: `circuitBreaker.${name}`,
  kind: 'write',
  rows: 'one',
  clocked: true,
  sql: `${sql} RETURNING ${GIVEN}`,
})

/** Parameters: key. */
export const READ_CIRCUIT: Statement<'one'> = {
  name: 'circuitBreaker.admit',
  kind: 'read',
  rows: 'one',
  clocked: false,
  sql: `SELECT ${GIVEN} FROM go_goscope_circuit WHERE key = ?1`,
  batch: {
    match: 'index',
    sql: `SELECT calls.key AS i, circuits.* FROM json_each(?1) AS calls
CROSS JOIN (SELECT ${GIVEN} FROM go_goscope_circuit) AS circuits ON circuits.k = calls.value`,
  },
}

/**
 * Parameters: key, name of the probe, its lease, how many may probe, reset timeout. A row when there was a place; calls do
 * not share one, because it would not see the places it gives itself.
 */
export const ADMIT_PROBE: Statement<'one'> = changing(
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
)

/**
 * Parameters: key, generation. After the clock was set back, what lies in its future would hold for as long as it was set
 * back; times are moved to now, and leases begin again.
 */
export const FOLLOW_CLOCK: Statement<'one'> = changing(
  'admit',
  `UPDATE go_goscope_circuit SET
  opened_at = min(coalesce(opened_at, updated_at), ?3), updated_at = ?3, revision = revision + 1,
  probes = (
    SELECT json_group_array(json_array(value ->> 0, min(value ->> 1, ?3 + (value ->> 2)), value ->> 2)) FROM json_each(probes)
  )
WHERE key = ?1 AND generation = ?2`,
)

const CLOSES = '(successes + 1 >= ?4)'

/** Parameters: key, generation, name of the probe, successes that close the circuit. */
export const PROBE_SUCCEEDED: Statement<'one'> = changing(
  'succeeded',
  `UPDATE go_goscope_circuit SET
  state = CASE WHEN ${CLOSES} THEN 'closed' ELSE state END,
  failure_count = CASE WHEN ${CLOSES} THEN 0 ELSE failure_count END,
  last_failure_time = CASE WHEN ${CLOSES} THEN NULL ELSE last_failure_time END,
  last_success_time = ?5, updated_at = ?5,
  opened_at = CASE WHEN ${CLOSES} THEN NULL ELSE opened_at END,
  generation = generation + ${CLOSES},
  successes = CASE WHEN ${CLOSES} THEN 0 ELSE successes + 1 END,
  probes = CASE WHEN ${CLOSES} THEN '[]' ELSE ${OTHER_PROBES} END,
  revision = revision + 1
WHERE ${isProbing('?5')}`,
)

/** Parameters: key, generation, name of the probe. */
export const PROBE_FAILED: Statement<'one'> = changing(
  'failed',
  `UPDATE go_goscope_circuit SET
  state = 'open', failure_count = failure_count + 1, last_failure_time = ?4, updated_at = ?4, opened_at = ?4,
  generation = generation + 1, successes = 0, probes = '[]', revision = revision + 1
WHERE ${isProbing('?4')}`,
)

/** Parameters: key, generation, name of the probe. */
export const PROBE_WITHDRAWN: Statement<'one'> = changing(
  'withdrawn',
  `UPDATE go_goscope_circuit SET probes = ${OTHER_PROBES}, updated_at = ?4, revision = revision + 1
WHERE ${isProbing('?4')}`,
)

/** Parameters: key, generation. Only where there is something to forget: a success of a healthy circuit costs no write. */
export const CALL_SUCCEEDED: Statement<'one'> = changing(
  'succeeded',
  `UPDATE go_goscope_circuit SET
  failure_count = 0, last_failure_time = NULL, last_success_time = ?3, updated_at = ?3, revision = revision + 1
WHERE key = ?1 AND generation = ?2 AND state = 'closed' AND failure_count > 0`,
)

/** Parameters: key, failures that open the circuit, generation. */
export const CALL_FAILED: Statement<'one'> = changing(
  'failed',
  `INSERT INTO go_goscope_circuit (${FAILURE_COLUMNS})
SELECT ?1, ${firstFailure('?4')} WHERE ?3 = 0 OR EXISTS (SELECT 1 FROM go_goscope_circuit WHERE key = ?1)
${onFailure('?4')} WHERE generation = ?3 AND state = 'closed'`,
)

const NEW_PERIOD = `updated_at = ?2, generation = generation + 1, successes = 0, probes = '[]', revision = revision + 1`

/** Parameters: key. */
export const ISOLATE: Statement<'one'> = changing(
  'isolate',
  `INSERT INTO go_goscope_circuit (key, state, updated_at, opened_at, generation, isolated, revision)
VALUES (?1, 'open', ?2, ?2, 1, 1, 1)
ON CONFLICT (key) DO UPDATE SET
  state = 'open', isolated = 1, opened_at = CASE WHEN state = 'open' THEN opened_at ELSE ?2 END, ${NEW_PERIOD}`,
)

/** Parameters: key. */
export const RESET: Statement<'one'> = changing(
  'reset',
  `INSERT INTO go_goscope_circuit (key, state, updated_at, generation, revision) VALUES (?1, 'closed', ?2, 1, 1)
ON CONFLICT (key) DO UPDATE SET
  state = 'closed', failure_count = 0, last_failure_time = NULL, last_success_time = NULL, opened_at = NULL,
  isolated = 0, ${NEW_PERIOD}`,
)
