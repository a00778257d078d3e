import type { Statement } from '../../../queue/statement.js'

export const COLUMNS = 'state, failure_count, last_failure_time, last_success_time'

export const GET_STATE: Statement<'one'> = {
  name: 'circuitBreaker.getState',
  kind: 'read',
  rows: 'one',
  clocked: false,
  sql: `SELECT key AS k, ${COLUMNS} FROM go_goscope_circuit WHERE key = ?1`,
  batch: {
    match: 'index',
    sql: `SELECT calls.key AS i, circuits.key AS k, ${COLUMNS}
FROM json_each(?1) AS calls CROSS JOIN go_goscope_circuit AS circuits ON circuits.key = calls.value`,
  },
}

// A period that a statement ends has no probes any more. `revision` tells the triggers that the change is ours.
const ON_SET = `ON CONFLICT (key) DO UPDATE SET
  state = excluded.state, failure_count = excluded.failure_count, last_failure_time = excluded.last_failure_time,
  last_success_time = excluded.last_success_time, updated_at = excluded.updated_at,
  opened_at = CASE WHEN excluded.state = state THEN opened_at ELSE excluded.opened_at END,
  generation = generation + 1, isolated = 0, successes = 0, probes = '[]', revision = revision + 1`

/** Parameters: key, state, failure count, last failure, last success. */
export const SET_STATE: Statement<'none'> = {
  name: 'circuitBreaker.setState',
  kind: 'write',
  rows: 'none',
  clocked: true,
  sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, opened_at, generation, revision)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, CASE ?2 WHEN 'closed' THEN NULL ELSE ?6 END, 1, 1) ${ON_SET}`,
  batch: {
    match: 'none',
    sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, opened_at, generation, revision)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2,
  CASE value ->> 1 WHEN 'closed' THEN NULL ELSE ?2 END, 1, 1
FROM json_each(?1) WHERE true ${ON_SET}`,
  },
}

const OPENS = `(state <> 'closed' OR failure_count + 1 >= ?2)`
const OPENS_NOW = `(state <> 'open' AND ${OPENS})`

/** What one more failure does to a circuit. `?2` is the threshold. */
export const onFailure = (now: string): string => `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN ${OPENS} THEN 'open' ELSE 'closed' END,
  failure_count = failure_count + 1, last_failure_time = ${now}, updated_at = ${now},
  opened_at = CASE WHEN ${OPENS_NOW} THEN ${now} ELSE opened_at END,
  generation = generation + ${OPENS_NOW}, successes = 0, probes = '[]', revision = revision + 1`

/** The columns of a circuit whose first failure is recorded, and their values after the key. `?2` is the threshold. */
export const FAILURE_COLUMNS =
  'key, state, failure_count, last_failure_time, updated_at, opened_at, generation, revision'
export const firstFailure = (now: string): string =>
  `CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ${now}, ${now}, CASE WHEN 1 >= ?2 THEN ${now} END, 1 >= ?2, 1`

/** Parameters: key, failures that open the circuit. The whole decision is in the statement: it counts exactly. */
export const RECORD_FAILURE: Statement<'one'> = {
  name: 'circuitBreaker.recordFailure',
  kind: 'write',
  rows: 'one',
  clocked: true,
  sql: `INSERT INTO go_goscope_circuit (${FAILURE_COLUMNS}) VALUES (?1, ${firstFailure('?3')})
${onFailure('?3')} RETURNING key AS k, ${COLUMNS}`,
  // An upsert sees only `excluded`, which has no place for the threshold: calls share a statement if they share that.
  batch: {
    match: 'order',
    shared: 1,
    sql: `INSERT INTO go_goscope_circuit (${FAILURE_COLUMNS})
SELECT value, ${firstFailure('?3')} FROM json_each(?1) WHERE true
${onFailure('?3')} RETURNING key AS k, ${COLUMNS}`,
  },
}

const ON_SUCCESS = `ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN isolated THEN state ELSE 'closed' END, failure_count = 0, last_failure_time = NULL,
  last_success_time = excluded.last_success_time, updated_at = excluded.updated_at,
  opened_at = CASE WHEN isolated THEN opened_at END,
  generation = generation + (state <> 'closed' AND NOT isolated), successes = 0, probes = '[]', revision = revision + 1
RETURNING key AS k, ${COLUMNS}`

/** Parameters: key. */
export const RECORD_SUCCESS: Statement<'one'> = {
  name: 'circuitBreaker.recordSuccess',
  kind: 'write',
  rows: 'one',
  clocked: true,
  sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, revision)
VALUES (?1, 'closed', 0, NULL, ?2, ?2, 1) ${ON_SUCCESS}`,
  batch: {
    match: 'order',
    sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at, revision)
SELECT value, 'closed', 0, NULL, ?2, ?2, 1 FROM json_each(?1) WHERE true ${ON_SUCCESS}`,
  },
}
