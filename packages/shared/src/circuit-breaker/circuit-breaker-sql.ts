import type { Statement } from '../driver/statement.js'

const COLUMNS = 'state, failure_count, last_failure_time, last_success_time'

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

const ON_SET = `ON CONFLICT (key) DO UPDATE SET
  state = excluded.state, failure_count = excluded.failure_count, last_failure_time = excluded.last_failure_time,
  last_success_time = excluded.last_success_time, updated_at = excluded.updated_at`

/** Parameters: key, state, failure count, last failure, last success. */
export const SET_STATE: Statement<'none'> = {
  name: 'circuitBreaker.setState',
  kind: 'write',
  rows: 'none',
  clocked: true,
  sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ${ON_SET}`,
  batch: {
    match: 'none',
    sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2 FROM json_each(?1) WHERE true ${ON_SET}`,
  },
}

/** Parameters: key, failures that open the circuit. The whole decision is in the statement: it counts exactly. */
export const RECORD_FAILURE: Statement<'one'> = {
  name: 'circuitBreaker.recordFailure',
  kind: 'write',
  rows: 'one',
  clocked: true,
  sql: `INSERT INTO go_goscope_circuit (key, state, failure_count, last_failure_time, updated_at)
VALUES (?1, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?3, ?3)
ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN state <> 'closed' OR failure_count + 1 >= ?2 THEN 'open' ELSE 'closed' END,
  failure_count = failure_count + 1, last_failure_time = ?3, updated_at = ?3
RETURNING key AS k, ${COLUMNS}`,
  // An upsert sees only `excluded`, which has no place for the threshold: calls share a statement if they share that.
  batch: {
    match: 'order',
    shared: 1,
    sql: `INSERT INTO go_goscope_circuit (key, state, failure_count, last_failure_time, updated_at)
SELECT value, CASE WHEN 1 >= ?2 THEN 'open' ELSE 'closed' END, 1, ?3, ?3 FROM json_each(?1) WHERE true
ON CONFLICT (key) DO UPDATE SET
  state = CASE WHEN state <> 'closed' OR failure_count + 1 >= ?2 THEN 'open' ELSE 'closed' END,
  failure_count = failure_count + 1, last_failure_time = ?3, updated_at = ?3
RETURNING key AS k, ${COLUMNS}`,
  },
}

/** Parameters: key. */
export const RECORD_SUCCESS: Statement<'none'> = {
  name: 'circuitBreaker.recordSuccess',
  kind: 'write',
  rows: 'none',
  clocked: true,
  sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at) VALUES (?1, 'closed', 0, NULL, ?2, ?2) ${ON_SET}`,
  batch: {
    match: 'none',
    sql: `INSERT INTO go_goscope_circuit (key, ${COLUMNS}, updated_at)
SELECT value, 'closed', 0, NULL, ?2, ?2 FROM json_each(?1) WHERE true ${ON_SET}`,
  },
}
