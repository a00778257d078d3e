import { type CircuitSql, read, type Statement, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf } from './calls.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'
import { notifyColumn } from './notify.js'
import { nowAt } from './time.js'

export const COLUMNS = 'state, failure_count, last_failure_time, last_success_time'
const GIVEN = `key AS k, ${COLUMNS}`

/**
 * Returns SQL that sends a notification when the state changes. It compares with the row as it was when the statement began. If
 * another transaction changed the row meanwhile, a change may be sent twice, but none is missed.
 *
 * @param table The table, whose row is named `circuit`.
 */
export function circuitNotifyColumn(channel: string, table: string): string {
  const turned = `(
  SELECT old.state <> circuit.state OR old.generation <> circuit.generation FROM ${table} AS old WHERE old.key = circuit.key
)`
  return notifyColumn(channel, 'circuit', 'circuit.key', `coalesce(${turned}, circuit.state <> 'closed')`)
}

/** @param schema Quoted. @param channel Receives changes of state. */
export function circuitSql(schema: string, channel: string): CircuitSql {
  const table = `${schema}.circuit`
  const notified = circuitNotifyColumn(channel, table)
  const opens = (count: string, most: string): string =>
    `(circuit.state <> 'closed' OR circuit.failure_count + ${count} >= ${most})`

  // The failures of one call, or of several calls for the same circuit, are counted in one update with the same result.
  const onFailure = (count: string, at: number): string => `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN ${opens(count, '$2::float8')} THEN 'open' ELSE 'closed' END,
  failure_count = circuit.failure_count + ${count}, last_failure_time = ${nowAt(at)}, updated_at = ${nowAt(at)},
  opened_at = CASE WHEN circuit.state <> 'open' AND ${opens(count, '$2::float8')} THEN ${nowAt(at)} ELSE circuit.opened_at END,
  generation = circuit.generation + (circuit.state <> 'open' AND ${opens(count, '$2::float8')})::int,
  successes = 0, probes = '[]'`

  const onSuccess = (at: number): string => `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN circuit.isolated <> 0 THEN circuit.state ELSE 'closed' END, failure_count = 0,
  last_failure_time = NULL, last_success_time = ${nowAt(at)}, updated_at = ${nowAt(at)},
  opened_at = CASE WHEN circuit.isolated <> 0 THEN circuit.opened_at END,
  generation = circuit.generation + (circuit.state <> 'closed' AND circuit.isolated = 0)::int, successes = 0, probes = '[]'`

  const onSet = (at: number): string => `ON CONFLICT (key) DO UPDATE SET
  state = excluded.state, failure_count = excluded.failure_count, last_failure_time = excluded.last_failure_time,
  last_success_time = excluded.last_success_time, updated_at = ${nowAt(at)},
  opened_at = CASE WHEN excluded.state = circuit.state THEN circuit.opened_at
    WHEN excluded.state <> 'closed' THEN ${nowAt(at)} END,
  generation = circuit.generation + 1, isolated = 0, successes = 0, probes = '[]'
RETURNING ${notified}`

  const newPeriod = `updated_at = ${nowAt(2)}, generation = circuit.generation + 1, successes = 0, probes = '[]'`
  const insert = `INSERT INTO ${table} AS circuit (key, ${COLUMNS}, updated_at, opened_at, generation)`
  const changing = (method: string, sql: string): Statement<'one'> =>
    write(`circuitBreaker.${method}`, 'one', `${sql} RETURNING ${GIVEN}, ${notified}`, {
      clocked: 'wall',
      repeatable: true,
    })

  return {
    table: table.replaceAll('"', ''),

    getState: read('circuitBreaker.getState', 'one', `SELECT ${GIVEN} FROM ${table} WHERE key = $1::text`, {
      batch: {
        match: 'index',
        sql: `SELECT calls.i, found.* FROM ${callsOf('key')} CROSS JOIN LATERAL (
  SELECT ${GIVEN} FROM ${table} AS circuit WHERE circuit.key = calls.key LIMIT 1
) AS found`,
      },
    }),

    setState: write(
      'circuitBreaker.setState',
      'none',
      `${insert}
SELECT $1::text, $2::text, $3::float8, $4::float8, $5::float8, ${nowAt(6)}, CASE WHEN $2::text <> 'closed' THEN ${nowAt(6)} END, 1
FROM ${LOCK_TIMEOUT}
${onSet(6)}`,
      {
        clocked: 'wall',
        repeatable: true,
        batch: {
          match: 'none',
          distinct: true,
          sql: `${insert}
SELECT key, state, failures, failed_at, succeeded_at, ${nowAt(2)}, CASE WHEN state <> 'closed' THEN ${nowAt(2)} END, 1
FROM ${callsOf('key', 'state', 'failures float8', 'failed_at float8', 'succeeded_at float8')} ORDER BY key COLLATE "C"
${onSet(2)}`,
        },
      },
    ),

    recordFailure: write(
      'circuitBreaker.recordFailure',
      'one',
      `INSERT INTO ${table} AS circuit (key, state, failure_count, last_failure_time, updated_at, opened_at, generation)
SELECT
  $1::text, CASE WHEN 1::float8 >= $2::float8 THEN 'open' ELSE 'closed' END, 1, ${nowAt(3)}, ${nowAt(3)},
  CASE WHEN 1::float8 >= $2::float8 THEN ${nowAt(3)} END, (1::float8 >= $2::float8)::int
FROM ${LOCK_TIMEOUT}
${onFailure('1::float8', 3)}
RETURNING ${GIVEN}, ${notified}`,
      {
        clocked: 'wall',
        // Each call gets its own count, and the state that it would have found if it had run alone.
        batch: {
          match: 'index',
          shared: 1,
          sql: `WITH calls AS MATERIALIZED (
  SELECT i, key, row_number() OVER (PARTITION BY key ORDER BY i)::float8 AS nth, count(*) OVER (PARTITION BY key)::float8 AS count
  FROM ${callsOf('key')}
), before AS MATERIALIZED (
  SELECT key, state FROM ${table} WHERE key = ANY (ARRAY(SELECT key FROM calls)) ORDER BY key FOR UPDATE
), changed AS (
  INSERT INTO ${table} AS circuit (key, state, failure_count, last_failure_time, updated_at, opened_at, generation)
  SELECT
    key, CASE WHEN count >= $2::float8 THEN 'open' ELSE 'closed' END, count, ${nowAt(3)}, ${nowAt(3)},
    CASE WHEN count >= $2::float8 THEN ${nowAt(3)} END, (count >= $2::float8)::int
  FROM calls CROSS JOIN (SELECT count(*) AS held FROM before) AS waited WHERE nth = 1::float8 ORDER BY key COLLATE "C"
  ${onFailure('excluded.failure_count', 3)}
  RETURNING circuit.*, ${notified}
)
SELECT
  calls.i, changed.key AS k, changed.failure_count - calls.count + calls.nth AS failure_count,
  CASE WHEN before.state <> 'closed' OR changed.failure_count - calls.count + calls.nth >= $2::float8
    THEN 'open' ELSE 'closed' END AS state,
  changed.last_failure_time, changed.last_success_time
FROM calls JOIN changed ON changed.key = calls.key LEFT JOIN before ON before.key = calls.key
ORDER BY calls.i`,
        },
      },
    ),

    recordSuccess: write(
      'circuitBreaker.recordSuccess',
      'one',
      `INSERT INTO ${table} AS circuit (key, ${COLUMNS}, updated_at)
SELECT $1::text, 'closed', 0, NULL::float8, ${nowAt(2)}, ${nowAt(2)} FROM ${LOCK_TIMEOUT}
${onSuccess(2)}
RETURNING ${GIVEN}, ${notified}`,
      {
        clocked: 'wall',
        repeatable: true,
        batch: {
          match: 'index',
          sql: `WITH calls AS MATERIALIZED (SELECT i, key FROM ${callsOf('key')}), changed AS (
  INSERT INTO ${table} AS circuit (key, ${COLUMNS}, updated_at)
  SELECT key, 'closed', 0, NULL::float8, ${nowAt(2)}, ${nowAt(2)} FROM calls GROUP BY key ORDER BY key COLLATE "C"
  ${onSuccess(2)}
  RETURNING circuit.*, ${notified}
)
SELECT calls.i, changed.key AS k, ${COLUMNS} FROM calls JOIN changed ON changed.key = calls.key ORDER BY calls.i`,
        },
      },
    ),

    isolate: changing(
      'isolate',
      `INSERT INTO ${table} AS circuit (key, state, updated_at, opened_at, generation, isolated)
SELECT $1::text, 'open', ${nowAt(2)}, ${nowAt(2)}, 1, 1 FROM ${LOCK_TIMEOUT}
ON CONFLICT (key) DO UPDATE SET
  state = 'open', isolated = 1,
  opened_at = CASE WHEN circuit.state = 'open' THEN circuit.opened_at ELSE ${nowAt(2)} END, ${newPeriod}`,
    ),

    reset: changing(
      'reset',
      `INSERT INTO ${table} AS circuit (key, state, updated_at, generation)
SELECT $1::text, 'closed', ${nowAt(2)}, 1 FROM ${LOCK_TIMEOUT}
ON CONFLICT (key) DO UPDATE SET
  state = 'closed', failure_count = 0, last_failure_time = NULL, last_success_time = NULL, opened_at = NULL,
  isolated = 0, ${newPeriod}`,
    ),
  }
}
