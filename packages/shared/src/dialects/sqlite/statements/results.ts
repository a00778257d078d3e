import type { Statement } from '../../../queue/statement.js'

const LIVE = '(expires_at IS NULL OR expires_at > ?2)'

/** Parameters: key. */
export const GET_RESULT: Statement<'one'> = {
  name: 'idempotency.get',
  kind: 'read',
  rows: 'one',
  clocked: true,
  sql: `SELECT value, expires_at FROM go_goscope_idempotency WHERE key = ?1 AND ${LIVE}`,
  batch: {
    match: 'index',
    sql: `SELECT calls.key AS i, results.value, results.expires_at
FROM json_each(?1) AS calls CROSS JOIN go_goscope_idempotency AS results ON results.key = calls.value AND ${LIVE}`,
  },
}

const ON_SET = `ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires_at = excluded.expires_at, updated_at = excluded.updated_at`

/** Parameters: key, value, expiry. */
export const SET_RESULT: Statement<'none'> = {
  name: 'idempotency.set',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: `INSERT INTO go_goscope_idempotency (key, value, expires_at) VALUES (?1, ?2, ?3) ${ON_SET}`,
  batch: {
    match: 'none',
    sql: `INSERT INTO go_goscope_idempotency (key, value, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true ${ON_SET}`,
  },
}

/** Parameters: key. */
export const DELETE_RESULT: Statement<'none'> = {
  name: 'idempotency.delete',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: 'DELETE FROM go_goscope_idempotency WHERE key = ?1',
  batch: {
    match: 'none',
    sql: 'DELETE FROM go_goscope_idempotency WHERE key IN (SELECT value FROM json_each(?1))',
  },
}

/** Parameters: most rows. The outer condition repeats the expiry: a row refreshed since must stay. */
export const SWEEP_RESULTS: Statement<'many'> = {
  name: 'idempotency.sweep',
  kind: 'write',
  rows: 'many',
  clocked: true,
  sql: `DELETE FROM go_goscope_idempotency WHERE key IN (
  SELECT key FROM go_goscope_idempotency WHERE expires_at <= ?2 ORDER BY expires_at LIMIT ?1
) AND expires_at <= ?2 RETURNING 1`,
}
