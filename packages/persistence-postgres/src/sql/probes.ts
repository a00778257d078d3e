import { type ProbeSql, read, type Statement, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf } from './calls.js'
import { COLUMNS, circuitNotifyColumn } from './circuits.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'
import { nowAt } from './time.js'

const GIVEN = `key AS k, ${COLUMNS}, coalesce(opened_at, updated_at) AS opened_at, generation::float8 AS generation, isolated, probes::text AS probes`

// A probe is [name, end of its lease, length of its lease]. Lists keep the order in which the probes began.
const LIST = `coalesce(pg_catalog.jsonb_agg(probe ORDER BY nth), '[]')`
const PROBES = 'jsonb_array_elements(circuit.probes) WITH ORDINALITY AS under(probe, nth)'
const END = '(probe ->> 1)::float8'

/** @param schema Quoted. @param channel Receives changes of state. */
export function probeSql(schema: string, channel: string): ProbeSql {
  const table = `${schema}.circuit`
  const notified = circuitNotifyColumn(channel, table)
  const turning = (method: string, sql: string, repeatable?: true): Statement<'one'> =>
    changed(method, sql, repeatable, `, ${notified}`)
  const others = `(SELECT ${LIST} FROM ${PROBES} WHERE probe ->> 0 <> $3::text)`
  const probing = (at: number): string =>
    `EXISTS (SELECT 1 FROM ${PROBES} WHERE probe ->> 0 = $3::text AND ${END} > ${nowAt(at)})`
  const period = "circuit.key = $1::text AND circuit.generation = $2::bigint AND circuit.state = 'half-open'"
  const closes = 'circuit.successes + 1::float8 >= $4::float8'
  return {
    table: table.replaceAll('"', ''),

    readCircuit: read(
      'circuitBreaker.admit',
      'one',
      `SELECT ${GIVEN}, ${nowAt(2)} AS judged_at FROM ${table} WHERE key = $1::text`,
      {
        clocked: 'wall',
        batch: {
          match: 'index',
          sql: `SELECT calls.i, found.*, ${nowAt(2)} AS judged_at FROM ${callsOf('key')} CROSS JOIN LATERAL (
  SELECT ${GIVEN} FROM ${table} AS circuit WHERE circuit.key = calls.key LIMIT 1
) AS found`,
        },
      },
    ),

    admitProbe: turning(
      'admit',
      `UPDATE ${table} AS circuit SET
  state = 'half-open', updated_at = ${nowAt(6)},
  probes = (SELECT ${LIST} FROM ${PROBES} WHERE ${END} > ${nowAt(6)} AND probe ->> 0 <> $2::text)
    || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_array($2::text, ${nowAt(6)} + $3::float8, $3::float8))
FROM ${LOCK_TIMEOUT} WHERE circuit.key = $1::text AND circuit.isolated = 0
  AND (circuit.state = 'half-open'
    OR (circuit.state = 'open' AND coalesce(circuit.opened_at, circuit.updated_at) + $5::float8 <= ${nowAt(6)}))
  AND (SELECT count(*)::float8 FROM ${PROBES} WHERE ${END} > ${nowAt(6)} AND probe ->> 0 <> $2::text) < $4::float8`,
      true,
    ),

    followClock: changed(
      'admit',
      `UPDATE ${table} AS circuit SET
  opened_at = least(coalesce(circuit.opened_at, circuit.updated_at), ${nowAt(3)}), updated_at = ${nowAt(3)},
  probes = (
    SELECT coalesce(pg_catalog.jsonb_agg(jsonb_build_array(
      probe -> 0, least(${END}, ${nowAt(3)} + (probe ->> 2)::float8), probe -> 2
    ) ORDER BY nth), '[]') FROM ${PROBES}
  )
FROM ${LOCK_TIMEOUT} WHERE circuit.key = $1::text AND circuit.generation = $2::bigint`,
      true,
    ),

    probeSucceeded: turning(
      'succeeded',
      `UPDATE ${table} AS circuit SET
  state = CASE WHEN ${closes} THEN 'closed' ELSE circuit.state END,
  failure_count = CASE WHEN ${closes} THEN 0 ELSE circuit.failure_count END,
  last_failure_time = CASE WHEN ${closes} THEN NULL ELSE circuit.last_failure_time END,
  last_success_time = ${nowAt(5)}, updated_at = ${nowAt(5)},
  opened_at = CASE WHEN ${closes} THEN NULL ELSE circuit.opened_at END,
  generation = circuit.generation + (${closes})::int,
  successes = CASE WHEN ${closes} THEN 0 ELSE circuit.successes + 1::float8 END,
  probes = CASE WHEN ${closes} THEN '[]' ELSE ${others} END
FROM ${LOCK_TIMEOUT} WHERE ${period} AND ${probing(5)}`,
    ),

    probeFailed: turning(
      'failed',
      `UPDATE ${table} AS circuit SET
  state = 'open', failure_count = circuit.failure_count + 1::float8, last_failure_time = ${nowAt(4)}, updated_at = ${nowAt(4)},
  opened_at = ${nowAt(4)}, generation = circuit.generation + 1, successes = 0, probes = '[]'
FROM ${LOCK_TIMEOUT} WHERE ${period} AND ${probing(4)}`,
    ),

    probeWithdrawn: changed(
      'withdrawn',
      `UPDATE ${table} AS circuit SET probes = ${others}, updated_at = ${nowAt(4)}
FROM ${LOCK_TIMEOUT} WHERE ${period} AND ${probing(4)}`,
      true,
    ),

    callSucceeded: changed(
      'succeeded',
      `UPDATE ${table} AS circuit SET
  failure_count = 0, last_failure_time = NULL, last_success_time = ${nowAt(3)}, updated_at = ${nowAt(3)}
FROM ${LOCK_TIMEOUT} WHERE circuit.key = $1::text AND circuit.generation = $2::bigint AND circuit.state = 'closed' AND circuit.failure_count > 0::float8`,
      true,
    ),

    callFailed: turning(
      'failed',
      `INSERT INTO ${table} AS circuit (
  key, state, failure_count, last_failure_time, updated_at, opened_at, generation
)
SELECT
  $1::text, CASE WHEN 1::float8 >= $2::float8 THEN 'open' ELSE 'closed' END, 1, ${nowAt(4)}, ${nowAt(4)},
  CASE WHEN 1::float8 >= $2::float8 THEN ${nowAt(4)} END, (1::float8 >= $2::float8)::int
FROM ${LOCK_TIMEOUT} WHERE $3::bigint = 0 OR EXISTS (SELECT 1 FROM ${table} WHERE key = $1::text)
ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN circuit.failure_count + 1::float8 >= $2::float8 THEN 'open' ELSE 'closed' END,
  failure_count = circuit.failure_count + 1::float8, last_failure_time = ${nowAt(4)}, updated_at = ${nowAt(4)},
  opened_at = CASE WHEN circuit.failure_count + 1::float8 >= $2::float8 THEN ${nowAt(4)} ELSE circuit.opened_at END,
  generation = circuit.generation + (circuit.failure_count + 1::float8 >= $2::float8)::int, successes = 0, probes = '[]'
WHERE circuit.generation = $3::bigint AND circuit.state = 'closed'`,
    ),
  }
}

function changed(method: string, sql: string, repeatable?: true, notified = ''): Statement<'one'> {
  const traits = { clocked: 'wall', ...(repeatable && { repeatable }) } as const
  return write(`circuitBreaker.${method}`, 'one', `${sql} RETURNING ${GIVEN}${notified}`, traits)
}
