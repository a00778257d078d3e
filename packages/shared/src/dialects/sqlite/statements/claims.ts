import type { Statement } from '../../../queue/statement.js'

// Two times: what is on record is kept by the wall clock, as everybody keeps it who reads the published table; leases go
// by the lease clock, or by the time of the last grant where that is later: a clock set back must not revive a lease.
const fileTime = (now: string): string => `max(${now}, coalesce((SELECT now FROM go_goscope_claim_clock), 0))`

const keptAt = (now: string): string => `(expires_at IS NULL OR expires_at > ${now})`

const readFrom = (calls: string, key: string): string => `
  results.key IS NOT NULL AS completed, results.value, results.expires_at AS value_expires_at,
  records.fingerprint, records.failure, records.expires_at AS failure_expires_at,
  claims.fingerprint AS claimed_fingerprint, claims.expires_at AS claimed_until,
  (SELECT now FROM go_goscope_claim_clock) AS marked_at
FROM ${calls}
LEFT JOIN go_goscope_idempotency AS results
  ON results.key = ${key} AND (results.expires_at IS NULL OR results.expires_at > ?2)
LEFT JOIN go_goscope_claim_records AS records
  ON records.key = ${key} AND (records.expires_at IS NULL OR records.expires_at > ?2)
LEFT JOIN go_goscope_claims AS claims
  ON claims.key = ${key} AND claims.expires_at > ${fileTime('?3')}`

/** Parameters: key, wall time. One row, whatever is on record. */
export const READ_KEY: Statement<'one'> = {
  name: 'idempotency.claim',
  kind: 'read',
  rows: 'one',
  clocked: 'lease',
  sql: `SELECT ${readFrom('(SELECT 1)', '?1')}`,
  batch: {
    match: 'index',
    shared: 1,
    sql: `SELECT calls.key AS i, ${readFrom('json_each(?1) AS calls', 'calls.value')}`,
  },
}

/**
 * Parameters: key, owner, fingerprint, lease, wall time. A row when the key was free and is the caller's now: the whole
 * decision is in the statement. Calls do not share one, because it would not see what it grants itself.
 */
export const GRANT: Statement<'one'> = {
  name: 'idempotency.claim',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  // REPLACE removes the claim whose lease is over, so that the new one gets a new generation.
  sql: `INSERT OR REPLACE INTO go_goscope_claims (key, owner, fingerprint, granted_at, expires_at)
SELECT ?1, ?2, ?3, at, at + ?4 FROM (SELECT ${fileTime('?6')} AS at)
WHERE NOT EXISTS (SELECT 1 FROM go_goscope_claims WHERE key = ?1 AND expires_at > at)
  AND NOT EXISTS (SELECT 1 FROM go_goscope_idempotency WHERE key = ?1 AND ${keptAt('?5')})
  AND NOT EXISTS (SELECT 1 FROM go_goscope_claim_records WHERE key = ?1 AND failure IS NOT NULL AND ${keptAt('?5')})
RETURNING generation, granted_at, expires_at`,
}

const held = (now: string): string => `key = ?1 AND owner = ?2 AND generation = ?3 AND expires_at > ${fileTime(now)}`

/** Parameters: key, owner, generation, lease. */
export const RENEW: Statement<'one'> = {
  name: 'idempotency.renew',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `UPDATE go_goscope_claims SET granted_at = ${fileTime('?5')}, expires_at = ${fileTime('?5')} + ?4
WHERE ${held('?5')} RETURNING granted_at, expires_at`,
}

const completing = (value: string): Statement<'one'> => ({
  name: 'idempotency.complete',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `INSERT INTO go_goscope_idempotency (key, value, expires_at)
SELECT key, ${value}, ?5 FROM go_goscope_claims WHERE ${held('?6')}
ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires_at = excluded.expires_at, updated_at = excluded.updated_at
RETURNING key`,
})

/** Parameters: key, owner, generation, value, expiry of the value. The trigger on the table ends the claim. */
export const COMPLETE: Statement<'one'> = completing('?4')

/** Parameters: those of {@link COMPLETE}, with a mark (unstored-result.ts) instead of the value. */
export const COMPLETE_UNSTORED: Statement<'one'> = completing('CAST(?4 AS BLOB)')

/** Parameters: key, fingerprint, failure, expiry. Follows {@link COMPLETE} or {@link FORGET} in an atomic batch. */
export const RECORD = `INSERT OR REPLACE INTO go_goscope_claim_records (key, fingerprint, failure, expires_at)
VALUES (?1, ?2, ?3, ?4)`

/** Parameters: key, owner, generation. */
export const FORGET: Statement<'one'> = {
  name: 'idempotency.fail',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `DELETE FROM go_goscope_claims WHERE ${held('?4')} RETURNING key`,
}

/** Parameters: key. What a deleted result leaves goes with it; this is for a kept failure, which has no result. */
export const DELETE_FAILURE: Statement<'none'> = {
  name: 'idempotency.delete',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: 'DELETE FROM go_goscope_claim_records WHERE key = ?1 AND failure IS NOT NULL',
  batch: {
    match: 'none',
    sql: `DELETE FROM go_goscope_claim_records
WHERE key IN (SELECT value FROM json_each(?1)) AND failure IS NOT NULL`,
  },
}

/** Parameters: most rows. */
export const SWEEP_CLAIMS: Statement<'many'> = {
  name: 'idempotency.sweep',
  kind: 'write',
  rows: 'many',
  clocked: 'lease',
  sql: `DELETE FROM go_goscope_claims WHERE generation IN (
  SELECT generation FROM go_goscope_claims WHERE expires_at <= ${fileTime('?2')} ORDER BY expires_at LIMIT ?1
) RETURNING 1`,
}

/** Parameters: most rows. */
export const SWEEP_RECORDS: Statement<'many'> = {
  name: 'idempotency.sweep',
  kind: 'write',
  rows: 'many',
  clocked: true,
  sql: `DELETE FROM go_goscope_claim_records WHERE key IN (
  SELECT key FROM go_goscope_claim_records WHERE expires_at <= ?2 ORDER BY expires_at LIMIT ?1
) AND expires_at <= ?2 RETURNING 1`,
}
