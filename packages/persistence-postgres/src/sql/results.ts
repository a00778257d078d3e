import { type ResultSql, read, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf, deleteAll, deleteExpired } from './calls.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'
import { notifyColumn } from './notify.js'
import { nowAt, once } from './time.js'

/**
 * One row per key holds its result, claim, fingerprint and kept failure. A statement that waited for the row then sees its
 * current version. With several tables it would see the others as they were before it waited.
 *
 * @param schema Quoted. @param channel Receives the ends of claims.
 */
export function resultSql(schema: string, channel: string): ResultSql {
  const table = `${schema}.idempotency`
  const results = (at: number): string => `SELECT entry.value, entry.unstored, entry.expires_at
FROM ${table} AS entry
WHERE (entry.value IS NOT NULL OR entry.unstored IS NOT NULL)
  AND (entry.expires_at IS NULL OR entry.expires_at > ${nowAt(at)})`
  // A stored result ends the claim on its key and replaces its record: the fingerprint and a kept failure.
  const onSet = `ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires_at = excluded.expires_at, unstored = NULL, fingerprint = NULL,
  failure = NULL, failure_expires_at = NULL, owner = NULL, claimed_until = NULL
RETURNING ${notifyColumn(channel, 'claim', 'entry.key', 'entry.waiting')}`

  return {
    table: table.replaceAll('"', ''),

    get: read('idempotency.get', 'one', `${results(2)} AND entry.key = $1::text`, {
      clocked: 'wall',
      batch: {
        match: 'index',
        sql: `SELECT calls.i, found.* FROM ${callsOf('key')} CROSS JOIN LATERAL (
${results(2)} AND entry.key = calls.key LIMIT 1) AS found`,
      },
    }),

    set: write(
      'idempotency.set',
      'none',
      `INSERT INTO ${table} AS entry (key, value, expires_at)
SELECT $1::text, $2::text, ${nowAt(4)} + $3::float8 FROM ${LOCK_TIMEOUT} ${onSet}`,
      {
        clocked: 'wall',
        repeatable: true,
        batch: {
          match: 'none',
          sql: `INSERT INTO ${table} AS entry (key, value, expires_at)
SELECT DISTINCT ON (key COLLATE "C") key, value, ${nowAt(2)} + ttl
FROM ${callsOf('key', 'value', 'ttl float8')} ORDER BY key COLLATE "C", i DESC
${onSet}`,
        },
      },
    ),

    // A row with a claim has no result. Any other row is deleted, also one with a kept failure.
    delete: write(
      'idempotency.delete',
      'none',
      `DELETE FROM ${table} USING ${LOCK_TIMEOUT} WHERE key = $1::text AND claimed_until IS NULL`,
      {
        repeatable: true,
        batch: {
          match: 'none',
          sql: deleteAll(table, ' AND claimed_until IS NULL'),
        },
      },
    ),

    // A claim clears the expiry, so a sweep leaves claimed rows alone.
    sweep: write('idempotency.sweep', 'many', deleteExpired(table, `expires_at <= ${once(nowAt(2))}`), {
      clocked: 'wall',
      repeatable: true,
    }),
  }
}
