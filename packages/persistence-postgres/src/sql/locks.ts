import { type LockSql, read, type Statement, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf, deleteExpired } from './calls.js'
import { PATIENCE } from './patience.js'
import { leaseNowAt, once, ranAt } from './time.js'

// It stands for no expiry, and a number of JavaScript holds it exactly.
const LONGEST = Number.MAX_SAFE_INTEGER

// Told apart from other advisory locks of this family by the seed of the hash.
const SEED = 1

// What a standby grants after it was promoted is greater than all that was granted before, also where it lacks the last
// commits: a promotion begins a timeline. Read once in a statement of many grants.
export const TIMELINE = "(SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint)"

/**
 * A lock is held while its expiry is later than the server's time, or than the time of its last grant where that is later:
 * a server whose clock was set back revives no lease.
 *
 * @param schema Quoted.
 */
export function lockSql(schema: string): LockSql {
  const table = `${schema}.locks`
  const token = `${TIMELINE} * 4294967296 + nextval('${schema}.lock_token')`
  const held = (at: number): string => `lock.expires_at > greatest(${leaseNowAt(at)}, lock.marked_at)`
  const lease = (ttl: string, at: number): string =>
    `(SELECT least(mark + ${ttl}, ${LONGEST}), mark FROM (SELECT greatest(${leaseNowAt(at)}, lock.marked_at) AS mark) AS now)`
  const guard = 'lock.key = $1::text AND lock.owner = $2::text AND lock.token = $3::bigint'
  const granted = (at: number): string => `lock.token::float8 AS token, lock.expires_at, lock.marked_at, ${ranAt(at)}`

  // The turn comes first: it is taken before the token, so that tokens of a key are given in the order of its grants.
  const acquire = (holds: string): string => `WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(hashtextextended($1::text, ${SEED})) FROM ${PATIENCE}
)
INSERT INTO ${table} AS lock (key, owner, token, holds, expires_at, marked_at)
SELECT $1::text, $2::text, ${token}, 1, least(now + $3::float8, ${LONGEST}), now
FROM (SELECT ${leaseNowAt(4)} AS now FROM turn) AS granting
${onHeld(holds, '$3::float8', 4)}
RETURNING ${granted(4)}`

  const onHeld = (holds: string, ttl: string, at: number): string => `ON CONFLICT (key) DO UPDATE SET
  owner = excluded.owner,
  token = CASE WHEN ${held(at)} THEN lock.token ELSE excluded.token END,
  holds = CASE WHEN ${held(at)} THEN ${holds} ELSE 1 END,
  (expires_at, marked_at) = (
    SELECT greatest(lock.expires_at, least(mark + ${ttl}, ${LONGEST})), mark
    FROM (SELECT greatest(${leaseNowAt(at)}, lock.marked_at) AS mark) AS now
  )
WHERE NOT ${held(at)} OR lock.owner = excluded.owner`

  const checkGrant = `SELECT lock.expires_at, lock.marked_at FROM ${table} AS lock WHERE ${guard} AND ${held(4)}`

  const acquireMany = (holds: string): string => `WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(hash)
  FROM (SELECT hashtextextended(key, ${SEED}) AS hash FROM ${callsOf('key', 'owner', 'ttl float8')} ORDER BY 1) AS turns
), taken AS MATERIALIZED (SELECT count(*) FROM turn)
INSERT INTO ${table} AS lock (key, owner, token, holds, expires_at, marked_at)
SELECT key, owner, ${token}, 1, least(now + ttl, ${LONGEST}), now
FROM (
  SELECT calls.*, ${leaseNowAt(2)} AS now FROM taken CROSS JOIN ${callsOf('key', 'owner', 'ttl float8')}
  ORDER BY key COLLATE "C"
) AS granting
${onHeld(holds, 'excluded.expires_at - excluded.marked_at', 2)}
RETURNING lock.key, lock.owner, ${granted(2)}`

  const acquiring = (holds: string, repeatable?: true): Statement<'one'> =>
    write('lock.acquire', 'one', acquire(holds), {
      clocked: 'lease',
      ...(repeatable && { repeatable }),
      batch: { match: 'echo', echo: ['key', 'owner'], distinct: true, sql: acquireMany(holds) },
    })

  // `FOR UPDATE` first: an UPDATE takes its rows in any order, and two that differ would wait for one another.
  const releasing = (set: string, setMany: string, condition: (at: number) => string): StatementTexts => ({
    single: `UPDATE ${table} AS lock SET ${set}
FROM ${PATIENCE} WHERE ${guard} AND ${condition(4)}
RETURNING lock.token::float8 AS token`,
    many: `WITH given AS MATERIALIZED (
  SELECT key, owner, token, count(*)::int AS count FROM ${callsOf('key', 'owner', 'token bigint')} GROUP BY 1, 2, 3
), held AS MATERIALIZED (
  SELECT lock.key FROM ${table} AS lock, ${PATIENCE}
  WHERE lock.key = ANY (ARRAY(SELECT key FROM given)) ORDER BY lock.key FOR UPDATE OF lock
)
UPDATE ${table} AS lock SET ${setMany}
FROM given WHERE lock.key = ANY (ARRAY(SELECT key FROM held))
  AND lock.key = given.key AND lock.owner = given.owner AND lock.token = given.token AND ${condition(2)}
RETURNING lock.key, lock.owner, lock.token::float8 AS token`,
  })
  const counted = (count: string): string =>
    `holds = lock.holds - ${count}, expires_at = CASE WHEN lock.holds > ${count} THEN lock.expires_at ELSE 0 END`
  const release = releasing(counted('1'), counted('given.count'), held)
  const free = 'holds = 0, expires_at = 0'
  const releaseUnique = releasing(free, free, (at) => `(lock.holds = 0 OR ${held(at)})`)

  return {
    table: table.replaceAll('"', ''),

    acquire: acquiring('lock.holds + 1'),
    acquireUnique: acquiring('1', true),

    extendGrant: write(
      'lock.extend',
      'one',
      `UPDATE ${table} AS lock SET (expires_at, marked_at) = ${lease('$4::float8', 5)}
FROM ${PATIENCE} WHERE ${guard} AND ${held(5)}
RETURNING ${granted(5)}`,
      { clocked: 'lease', repeatable: true },
    ),

    extendOwned: write(
      'lock.extend',
      'one',
      `UPDATE ${table} AS lock SET (expires_at, marked_at) = ${lease('$3::float8', 4)}
FROM ${PATIENCE} WHERE lock.key = $1::text AND lock.owner = $2::text AND ${held(4)}
RETURNING ${granted(4)}`,
      { clocked: 'lease', repeatable: true },
    ),

    release: write('lock.release', 'one', release.single, {
      clocked: 'lease',
      batch: { match: 'echo', echo: ['key', 'owner', 'token'], sql: release.many },
    }),

    releaseUnique: write('lock.release', 'one', releaseUnique.single, {
      clocked: 'lease',
      repeatable: true,
      batch: { match: 'echo', echo: ['key', 'owner', 'token'], sql: releaseUnique.many },
    }),

    checkGrant: read('lock.isValid', 'one', checkGrant, { clocked: 'lease' }),

    // The holder may be stopped for ever within its transaction: the server ends that with the lease.
    fence: write(
      'fenced',
      'one',
      `SELECT set_config('idle_in_transaction_session_timeout', ceil(
  least(greatest(lock.expires_at - greatest(${leaseNowAt(4)}, lock.marked_at), 1000), 2147483647)
)::int::text, true) FROM ${table} AS lock WHERE ${guard} AND ${held(4)} FOR SHARE`,
      { clocked: 'lease' },
    ),

    forceRelease: write(
      'lock.forceRelease',
      'none',
      `DELETE FROM ${table} AS lock USING ${PATIENCE} WHERE lock.key = $1::text`,
      { repeatable: true },
    ),

    sweep: write('lock.sweep', 'many', deleteExpired(table, `expires_at <= ${once(leaseNowAt(2))}`), {
      clocked: 'lease',
      repeatable: true,
    }),
  }
}

/** A statement for one call, and for many. */
interface StatementTexts {
  readonly single: string
  readonly many: string
}
