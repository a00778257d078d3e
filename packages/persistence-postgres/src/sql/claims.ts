import { type ClaimSql, read, type Statement, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf, deleteExpired, TEXTS } from './calls.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'
import { notifyColumn } from './notify.js'
import { quotedText } from './quoted.js'
import { leaseNowAt, nowAt, once, ranAt } from './time.js'
import { TOKEN_BASE } from './timeline.js'

// The seed of the hash keeps these advisory locks apart from those of other statements.
const SEED = 2

// The expiry of an abandoned claim. The row stays until a sweep, so that a retried report finds it if its answer was lost.
const GIVEN_UP = '0::float8'
// The lease of a claim; 0 once the key is settled. A bare comparison of the column could be searched in the index of leases: where
// few claims lived when the table was analyzed, the server reads all that live now for each call.
const UNTIL = 'coalesce(entry.claimed_until, 0::float8)'
const UNSETTLED = `${UNTIL} > ${GIVEN_UP}`

/**
 * The single row of a key decides; see results.ts. A settled claim leaves its owner and generation in the row, so that a
 * report can be recognized when it is retried because its answer was lost.
 *
 * @param schema Quoted. @param channel Receives the ends of claims.
 */
export function claimSql(schema: string, channel: string): ClaimSql {
  const table = `${schema}.idempotency`
  const running = (at: number): string => `${UNTIL} > ${leaseNowAt(at)}`
  const stored = (at: number): string =>
    `(entry.value IS NOT NULL OR entry.unstored IS NOT NULL) AND (entry.expires_at IS NULL OR entry.expires_at > ${leaseNowAt(at)})`
  const failed = (at: number): string =>
    `entry.failure IS NOT NULL AND (entry.failure_expires_at IS NULL OR entry.failure_expires_at > ${leaseNowAt(at)})`
  const lease = (duration: string, at: number): string =>
    `(SELECT mark, mark + ${duration} FROM (SELECT greatest(${leaseNowAt(at)}, entry.granted_at) AS mark) AS now)`
  const guard = 'entry.key = $1::text AND entry.owner = $2::text AND entry.generation = $3::bigint'
  const guardOfAnybody = 'entry.key = $1::text AND entry.generation = $2::bigint'
  const granted = (at: number): string => `entry.granted_at, entry.claimed_until AS expires_at, ${ranAt(at)}`

  // `$2` is the wall time of this process. Only other dialects need it; here the server's time counts.
  const record = `
  coalesce(is_stored, false)::int AS completed, CASE WHEN is_stored THEN value END AS value,
  CASE WHEN is_stored THEN unstored END AS unstored, CASE WHEN is_stored THEN expires_at END AS value_expires_at,
  fingerprint, CASE WHEN is_failed THEN failure END AS failure,
  CASE WHEN is_failed THEN failure_expires_at END AS failure_expires_at,
  fingerprint AS claimed_fingerprint, CASE WHEN is_running THEN claimed_until END AS claimed_until,
  ${leaseNowAt(3)} AS judged_at`
  const keys = (key: string): string => `LEFT JOIN LATERAL (
  SELECT entry.*, ${stored(3)} AS is_stored, ${failed(3)} AS is_failed, ${running(3)} AS is_running
  FROM ${table} AS entry WHERE entry.key = ${key} LIMIT 1
) AS entry ON true WHERE ($2::float8 IS NULL OR true)`

  const notified = notifyColumn(channel, 'claim', 'entry.key', 'entry.waiting')

  /**
   * Ends a claim, also one whose lease is over: a caller that claims the key meanwhile changes its generation.
   *
   * @param set The changes of the row. @param settled The condition by which the row has them already.
   */
  const ending = (
    name: string,
    set: string,
    settled: string,
    clocked: 'lease' | 'none',
    of = guard,
  ): Statement<'one'> => {
    const sql = (condition: string): string =>
      `UPDATE ${table} AS entry SET ${set} FROM ${LOCK_TIMEOUT} WHERE ${of} AND ${condition} RETURNING entry.key, ${notified}`
    return write(name, 'one', sql(UNSETTLED), { clocked, afterLoss: sql(`(${UNSETTLED} OR ${settled})`) })
  }
  const completing = (column: 'value' | 'unstored', value: string): Statement<'one'> =>
    ending(
      'idempotency.complete',
      `${column} = ${value}, expires_at = ${leaseNowAt(6)} + $5::float8, claimed_until = NULL`,
      `entry.claimed_until IS NULL AND entry.${column} = ${value}`,
      'lease',
    )

  return {
    table: table.replaceAll('"', ''),
    recordTable: table.replaceAll('"', ''),

    readKey: read('idempotency.claim', 'one', `SELECT ${record} FROM (SELECT 1) AS asked ${keys('$1::text')}`, {
      clocked: 'lease',
      batch: {
        match: 'index',
        shared: 1,
        sql: `SELECT calls.i, ${record} FROM ${callsOf('key')} ${keys('calls.key')}`,
      },
    }),

    // The condition is on the UPDATE, so it is checked on the row as it is once locked. The advisory lock comes first, so
    // that the generations of a key grow in the order of its grants. Each call has its own owner, so a retried grant is
    // idempotent.
    grant: write(
      'idempotency.claim',
      'one',
      `WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(hashtextextended($1::text, ${SEED}::bigint)) FROM ${LOCK_TIMEOUT}
)
INSERT INTO ${table} AS entry (key, owner, fingerprint, generation, granted_at, claimed_until)
SELECT $1::text, $2::text, $3::text, ${TOKEN_BASE} + nextval(${quotedText(`${schema}.claim_generation`)}::regclass), now, now + $4::float8
FROM (SELECT ${leaseNowAt(6)} AS now FROM turn) AS granting WHERE ($5::float8 IS NULL OR true)
ON CONFLICT (key) DO UPDATE SET
  owner = excluded.owner, fingerprint = excluded.fingerprint, generation = excluded.generation,
  (granted_at, claimed_until) = (
    SELECT mark, mark + $4::float8 FROM (SELECT greatest(${leaseNowAt(6)}, entry.granted_at) AS mark) AS now
  ),
  value = NULL, unstored = NULL, expires_at = NULL, failure = NULL, failure_expires_at = NULL,
  waiting = entry.waiting AND entry.owner IS NOT DISTINCT FROM excluded.owner
WHERE entry.claimed_until IS NOT NULL AND entry.owner = excluded.owner
  OR NOT (${running(6)} OR ${stored(6)} OR ${failed(6)})
RETURNING entry.generation::float8 AS generation, ${granted(6)}`,
      { clocked: 'lease', repeatable: true },
    ),

    awaitEnd: write(
      'idempotency.claim',
      'one',
      `UPDATE ${table} AS entry SET waiting = true FROM ${LOCK_TIMEOUT} WHERE entry.key = $1::text AND ${running(2)} RETURNING entry.key`,
      {
        clocked: 'lease',
        repeatable: true,
        batch: {
          match: 'echo',
          echo: ['key'],
          sql: `WITH held AS MATERIALIZED (
  SELECT entry.key FROM ${table} AS entry, ${LOCK_TIMEOUT} WHERE entry.key = ANY (${TEXTS}) ORDER BY entry.key FOR UPDATE OF entry
)
UPDATE ${table} AS entry SET waiting = true
WHERE entry.key = ANY (ARRAY(SELECT key FROM held)) AND ${running(2)} RETURNING entry.key`,
        },
      },
    ),

    renew: write(
      'idempotency.renew',
      'one',
      `UPDATE ${table} AS entry SET (granted_at, claimed_until) = ${lease('$4::float8', 5)}
FROM ${LOCK_TIMEOUT} WHERE ${guard} AND ${running(5)} RETURNING ${granted(5)}`,
      { clocked: 'lease', repeatable: true },
    ),

    complete: completing('value', '$4::text'),
    completeUnstored: completing('unstored', "convert_to($4::text, 'UTF8'::name)"),

    keep: ending(
      'idempotency.fail',
      `failure = $4::text, failure_expires_at = ${leaseNowAt(6)} + $5::float8, claimed_until = NULL`,
      'entry.claimed_until IS NULL AND entry.failure = $4::text',
      'lease',
    ),

    forget: ending('idempotency.fail', `claimed_until = ${GIVEN_UP}`, `entry.claimed_until = ${GIVEN_UP}`, 'none'),

    free: ending(
      'idempotency.freeClaim',
      `claimed_until = ${GIVEN_UP}`,
      `entry.claimed_until = ${GIVEN_UP}`,
      'none',
      guardOfAnybody,
    ),

    sweepClaims: write(
      'idempotency.sweep',
      'many',
      deleteExpired(table, `claimed_until <= ${once(leaseNowAt(3))} - $2::float8`, 'claimed_until'),
      { clocked: 'lease', repeatable: true },
    ),

    sweepRecords: write(
      'idempotency.sweep',
      'many',
      deleteExpired(table, `failure_expires_at <= ${once(nowAt(2))}`, 'failure_expires_at'),
      { clocked: 'wall', repeatable: true },
    ),
  }
}
