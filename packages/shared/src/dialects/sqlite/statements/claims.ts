import { read, type Statement, write } from '../../../queue/statement.js'
import type { ClaimSql } from '../../../stores/idempotency/idempotency-sql.js'
import { deleteExpired } from './delete-expired.js'
import { ON_STORED } from './results.js'

// Two times are used. Results expire by the wall clock, like for every program that reads the published table. Leases expire by
// the lease clock, or by the time of the last grant if that is later, because a clock that was set back must not revive a lease.
export const LAST_GRANT: string = 'coalesce((SELECT now FROM go_goscope_claim_clock), 0)'

const STATE_OF_KEY = `
  results.key IS NOT NULL AS completed, results.value, results.expires_at AS value_expires_at,
  records.fingerprint, records.failure, records.expires_at AS failure_expires_at,
  claims.fingerprint AS claimed_fingerprint, claims.expires_at AS claimed_until,
  max(?3, ${LAST_GRANT}) AS judged_at`

export const claimSql: ClaimSql = {
  table: 'go_goscope_claims',
  recordTable: 'go_goscope_claim_records',

  readKey: read(
    'idempotency.claim',
    'one',
    `SELECT ${STATE_OF_KEY}
FROM (SELECT 1)
LEFT JOIN go_goscope_idempotency AS results
  ON results.key = ?1 AND (results.expires_at IS NULL OR results.expires_at > ?2)
LEFT JOIN go_goscope_claim_records AS records
  ON records.key = ?1 AND (records.expires_at IS NULL OR records.expires_at > ?2)
LEFT JOIN go_goscope_claims AS claims
  ON claims.key = ?1 AND claims.expires_at > max(?3, ${LAST_GRANT})`,
    {
      clocked: 'lease',
      announces: { of: 'leaseTime', column: 'judged_at' },
      batch: {
        match: 'index',
        shared: 1,
        sql: `SELECT calls.key AS i, ${STATE_OF_KEY}
FROM json_each(?1) AS calls
LEFT JOIN go_goscope_idempotency AS results
  ON results.key = calls.value AND (results.expires_at IS NULL OR results.expires_at > ?2)
LEFT JOIN go_goscope_claim_records AS records
  ON records.key = calls.value AND (records.expires_at IS NULL OR records.expires_at > ?2)
LEFT JOIN go_goscope_claims AS claims
  ON claims.key = calls.value AND claims.expires_at > max(?3, ${LAST_GRANT})`,
      },
    },
  ),

  // REPLACE removes the claim whose lease is over, so that the new one gets a new generation.
  grant: write(
    'idempotency.claim',
    'one',
    `INSERT OR REPLACE INTO go_goscope_claims (key, owner, fingerprint, granted_at, expires_at)
SELECT ?1, ?2, ?3, at, at + ?4 FROM (SELECT max(?6, ${LAST_GRANT}) AS at)
WHERE NOT EXISTS (SELECT 1 FROM go_goscope_claims WHERE key = ?1 AND expires_at > at)
  AND NOT EXISTS (
    SELECT 1 FROM go_goscope_idempotency WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?5)
  )
  AND NOT EXISTS (
    SELECT 1 FROM go_goscope_claim_records
    WHERE key = ?1 AND failure IS NOT NULL AND (expires_at IS NULL OR expires_at > ?5)
  )
RETURNING generation, granted_at, expires_at, ?6 AS ran_at`,
    { clocked: 'lease', announces: { of: 'leaseTime', column: 'granted_at' } },
  ),

  renew: write(
    'idempotency.renew',
    'one',
    `UPDATE go_goscope_claims SET
  granted_at = max(?5, ${LAST_GRANT}), expires_at = max(?5, ${LAST_GRANT}) + ?4
WHERE key = ?1 AND owner = ?2 AND generation = ?3 AND expires_at > max(?5, ${LAST_GRANT})
RETURNING granted_at, expires_at, ?5 AS ran_at`,
    { clocked: 'lease', announces: { of: 'leaseTime', column: 'granted_at' } },
  ),

  // Reports do not ask for the time: whoever claims the key meanwhile replaces the row, and then nothing is recorded. While the
  // row is there, no other caller has worked under it, so a late result, as after the machine was suspended, is the only one.
  complete: completing('?4'),
  completeUnstored: completing('CAST(?4 AS BLOB)'),

  forget: write(
    'idempotency.fail',
    'one',
    `DELETE FROM go_goscope_claims
WHERE key = ?1 AND owner = ?2 AND generation = ?3
RETURNING key`,
    { announces: { of: 'claim' } },
  ),

  // A generation is granted to one claim only, so a guessed one ends nothing. A claim whose lease is over is freed too, because its
  // late report would count.
  free: write(
    'idempotency.freeClaim',
    'one',
    'DELETE FROM go_goscope_claims WHERE key = ?1 AND generation = ?2 RETURNING key',
    { announces: { of: 'claim' } },
  ),

  record: write(
    'idempotency.complete',
    'none',
    `INSERT OR REPLACE INTO go_goscope_claim_records (key, fingerprint, failure, expires_at) VALUES (?1, ?2, ?3, ?4)`,
  ),

  deleteFailure: write(
    'idempotency.delete',
    'none',
    'DELETE FROM go_goscope_claim_records WHERE key = ?1 AND failure IS NOT NULL',
    {
      batch: {
        match: 'none',
        sql: `DELETE FROM go_goscope_claim_records
WHERE key IN (SELECT value FROM json_each(?1)) AND failure IS NOT NULL`,
      },
    },
  ),

  sweepClaims: write(
    'idempotency.sweep',
    'many',
    `DELETE FROM go_goscope_claims WHERE generation IN (
  SELECT generation FROM go_goscope_claims WHERE expires_at <= max(?3, ${LAST_GRANT}) - ?2 ORDER BY expires_at LIMIT ?1
) RETURNING 1`,
    { clocked: 'lease' },
  ),

  sweepRecords: write('idempotency.sweep', 'many', deleteExpired('go_goscope_claim_records'), { clocked: 'wall' }),
}

/** The trigger on the table of results ends the claim. @param value SQL that stores `?4`. */
function completing(value: string): Statement<'one'> {
  return write(
    'idempotency.complete',
    'one',
    `INSERT INTO go_goscope_idempotency (key, value, expires_at)
SELECT key, ${value}, ?5 FROM go_goscope_claims
WHERE key = ?1 AND owner = ?2 AND generation = ?3
${ON_STORED}
RETURNING key`,
    { announces: { of: 'claim' } },
  )
}
