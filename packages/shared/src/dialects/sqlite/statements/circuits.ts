import { read, type Statement, write } from '../../../queue/statement.js'
import type { CircuitSql } from '../../../stores/circuit-breaker/circuit-sql.js'

export const COLUMNS = 'state, failure_count, last_failure_time, last_success_time'
const GIVEN = `key AS k, ${COLUMNS}`

// The end of a period removes its probes. `revision` tells the triggers that the change is ours.
const ON_SET = `ON CONFLICT (key) DO UPDATE SET
  state = excluded.state, failure_count = excluded.failure_count, last_failure_time = excluded.last_failure_time,
  last_success_time = excluded.last_success_time, updated_at = excluded.updated_at,
  opened_at = CASE WHEN excluded.state = state THEN opened_at ELSE excluded.opened_at END,
  generation = generation + 1, isolated = 0, successes = 0, probes = '[]', revision = revision + 1`

// `?2` is the number of failures that opens the circuit, `?3` the time, in the single statement, in the batch and in the tally.
// `excluded` has the number of new failures.
const ON_FAILURE = `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN state <> 'closed' OR failure_count + excluded.failure_count >= ?2 THEN 'open' ELSE 'closed' END,
  failure_count = failure_count + excluded.failure_count, last_failure_time = ?3, updated_at = ?3,
  opened_at = CASE
    WHEN state <> 'open' AND (state <> 'closed' OR failure_count + excluded.failure_count >= ?2) THEN ?3
    ELSE opened_at
  END,
  generation = generation + (state <> 'open' AND (state <> 'closed' OR failure_count + excluded.failure_count >= ?2)),
  successes = 0, probes = '[]', revision = revision + excluded.failure_count`

const ON_SUCCESS = `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN isolated THEN state ELSE 'closed' END, failure_count = 0, last_failure_time = NULL,
  last_success_time = excluded.last_success_time, updated_at = excluded.updated_at,
  opened_at = CASE WHEN isolated THEN opened_at END,
  generation = generation + (state <> 'closed' AND NOT isolated), successes = 0, probes = '[]', revision = revision + 1`

/** Set by a statement that begins a new period explicitly, besides its state. `?2` is the time. */
const NEW_PERIOD = `updated_at = ?2, generation = generation + 1, successes = 0, probes = '[]', revision = revision + 1`

export const circuitSql: CircuitSql = {
  table: 'go_goscope_circuit',

  getState: read('circuitBreaker.getState', 'one', `SELECT ${GIVEN} FROM go_goscope_circuit WHERE key = ?1`, {
    batch: {
      match: 'index',
      sql: `SELECT calls.key AS i, circuits.key AS k, ${COLUMNS}
FROM json_each(?1) AS calls CROSS JOIN go_goscope_circuit AS circuits ON circuits.key = calls.value`,
    },
  }),

  setState: write(
    'circuitBreaker.setState',
    'none',
    `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, opened_at, generation, revision)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, CASE ?2 WHEN 'closed' THEN NULL ELSE ?6 END, 1, 1)
${ON_SET}`,
    {
      clocked: 'wall',
      announces: { of: 'circuit' },
      batch: {
        match: 'none',
        sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, opened_at, generation, revision)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2,
  CASE value ->> 1 WHEN 'closed' THEN NULL ELSE ?2 END, 1, 1
FROM json_each(?1) WHERE true
${ON_SET}`,
      },
    },
  ),

  recordFailure: write(
    'circuitBreaker.recordFailure',
    'one',
    `INSERT INTO go_goscope_circuit (
  key, state, failure_count, last_failure_time, updated_at, opened_at, generation, revision
)
VALUES (?1, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?3, ?3, CASE WHEN 1 >= ?2 THEN ?3 END, 1 >= ?2, 1)
${ON_FAILURE}
RETURNING ${GIVEN}`,
    {
      clocked: 'wall',
      announces: { of: 'circuit' },
      // An upsert sees only `excluded`, which has no column for the threshold: calls share a statement only if they have the same
      // threshold.
      batch: {
        match: 'order',
        shared: 1,
        sql: `INSERT INTO go_goscope_circuit (
  key, state, failure_count, last_failure_time, updated_at, opened_at, generation, revision
)
SELECT value, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?3, ?3, CASE WHEN 1 >= ?2 THEN ?3 END, 1 >= ?2, 1
FROM json_each(?1) WHERE true
${ON_FAILURE}
RETURNING ${GIVEN}`,
        // If one of several failures opens the circuit, they lead to two states, so they cannot be sent as a count.
        tally: {
          column: 'failure_count',
          sql: `INSERT INTO go_goscope_circuit (
  key, state, failure_count, last_failure_time, updated_at, opened_at, generation, revision
)
SELECT value ->> 0, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, value ->> 1, ?3, ?3,
  CASE WHEN 1 >= ?2 THEN ?3 END, 1 >= ?2, value ->> 1
FROM json_each(?1)
WHERE 1 >= ?2 OR value ->> 1 < ?2 OR EXISTS (SELECT 1 FROM go_goscope_circuit WHERE key = value ->> 0)
${ON_FAILURE}
WHERE state <> 'closed' OR failure_count + 1 >= ?2 OR failure_count + excluded.failure_count < ?2
RETURNING ${GIVEN}`,
        },
      },
    },
  ),

  recordSuccess: write(
    'circuitBreaker.recordSuccess',
    'one',
    `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, revision)
VALUES (?1, 'closed', 0, NULL, ?2, ?2, 1)
${ON_SUCCESS}
RETURNING ${GIVEN}`,
    {
      clocked: 'wall',
      announces: { of: 'circuit' },
      batch: {
        match: 'order',
        sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, revision)
SELECT value, 'closed', 0, NULL, ?2, ?2, 1 FROM json_each(?1) WHERE true
${ON_SUCCESS}
RETURNING ${GIVEN}`,
      },
    },
  ),

  isolate: changed(
    'isolate',
    `INSERT INTO go_goscope_circuit (key, state, updated_at, opened_at, generation, isolated, revision)
VALUES (?1, 'open', ?2, ?2, 1, 1, 1)
ON CONFLICT (key) DO UPDATE SET
  state = 'open', isolated = 1, opened_at = CASE WHEN state = 'open' THEN opened_at ELSE ?2 END, ${NEW_PERIOD}`,
  ),

  lastCommit: read('circuitBreaker.subscribe', 'one', 'PRAGMA data_version'),

  reset: changed(
    'reset',
    `INSERT INTO go_goscope_circuit (key, state, updated_at, generation, revision) VALUES (?1, 'closed', ?2, 1, 1)
ON CONFLICT (key) DO UPDATE SET
  state = 'closed', failure_count = 0, last_failure_time = NULL, last_success_time = NULL, opened_at = NULL,
  isolated = 0, ${NEW_PERIOD}`,
  ),
}

function changed(method: string, sql: string): Statement<'one'> {
  return write(`circuitBreaker.${method}`, 'one', `${sql} RETURNING ${GIVEN}`, {
    clocked: 'wall',
    announces: { of: 'circuit' },
  })
}
