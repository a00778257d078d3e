import { read, write } from '../../../queue/statement.js'
import type { ResultSql } from '../../../stores/idempotency/idempotency-sql.js'
import { deleteExpired } from './delete-expired.js'
import { boundRows } from './places.js'

/** What a new result keeps of the result that it replaces. */
export const ON_STORED: string = `ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires_at = excluded.expires_at, updated_at = excluded.updated_at`

export const resultSql: ResultSql = {
  table: 'go_goscope_idempotency',

  get: read(
    'idempotency.get',
    'one',
    `SELECT value, expires_at FROM go_goscope_idempotency
WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`,
    {
      clocked: 'wall',
      batch: {
        match: 'index',
        sql: `SELECT calls.key AS i, results.value, results.expires_at
FROM json_each(?1) AS calls CROSS JOIN go_goscope_idempotency AS results
  ON results.key = calls.value AND (results.expires_at IS NULL OR results.expires_at > ?2)`,
      },
    },
  ),

  set: write(
    'idempotency.set',
    'none',
    `INSERT INTO go_goscope_idempotency (key, value, expires_at) VALUES (?1, ?2, ?3) ${ON_STORED}`,
    {
      announces: { of: 'claim' },
      batch: {
        match: 'none',
        sql: `INSERT INTO go_goscope_idempotency (key, value, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true ${ON_STORED}`,
        bound: `INSERT INTO go_goscope_idempotency (key, value, expires_at) VALUES ${boundRows(3)} ${ON_STORED}`,
      },
    },
  ),

  delete: write('idempotency.delete', 'none', 'DELETE FROM go_goscope_idempotency WHERE key = ?1', {
    batch: {
      match: 'none',
      sql: 'DELETE FROM go_goscope_idempotency WHERE key IN (SELECT value FROM json_each(?1))',
    },
  }),

  sweep: write('idempotency.sweep', 'many', deleteExpired('go_goscope_idempotency'), { clocked: 'wall' }),
}
