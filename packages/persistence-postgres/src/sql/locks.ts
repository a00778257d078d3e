import { type LockSql, read, type Statement, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf, deleteExpired } from './calls.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'
import { quotedText } from './quoted.js'
import { leaseNowAt, leaseNowOfMany, once, ranAt, ranAtOfMany } from './time.js'
import { TOKEN_BASE } from './timeline.js'

// Means "no expiry". A JavaScript number holds it exactly.
const LONGEST = Number.MAX_SAFE_INTEGER

// Keeps these advisory locks apart from those of other statements.
const SEED = 1

// The longest time that the row of a free lock stays after its release, in ms. Updating a row costs half as much as deleting
// and inserting it.
const KEPT_MS = 60_000

// The longest time that a process may hang between taking the turn of its lock and checking its lease, in ms.
const BEFORE_CHECK_MS = 10_000

/**
 * Returns SQL for the time at which a sweep has to look at the row of a new lease: its end. An earlier value is kept unless it
 * is too early, because the column is indexed and updating indexed columns costs twice as much.
 */
function sweepAt(now: string, ttl: string): string {
  const end = `least(${now} + ${ttl}, ${LONGEST})`
  return `CASE WHEN lock.sweep_at BETWEEN ${now} + least(${ttl}, ${KEPT_MS}) / 2::float8 AND ${end} THEN lock.sweep_at ELSE ${end} END`
}

/** Returns SQL that keeps the row of a released lock for a while. */
const keptFrom = (now: string): string => `sweep_at = least(lock.sweep_at, ${now} + ${KEPT_MS}::float8)`

/**
 * `holds` counts the holds of the owner. A generated owner has one hold that it released by itself, without a count, so that the
 * release can be repeated; the app may acquire more under its name. The column is negative when only those are left.
 *
 * A lock is held while its expiry is later than the server's time. A lease counts from the time of the last grant if the server's
 * clock was set back meanwhile, so that setting it right again does not end the lease early.
 *
 * @param schema Quoted.
 */
export function lockSql(schema: string): LockSql {
  const table = `${schema}.locks`
  const token = `${TOKEN_BASE} + nextval(${quotedText(`${schema}.lock_token`)}::regclass)`
  const heldAt = (now: string): string => `lock.expires_at > ${now}`
  const held = (at: number): string => heldAt(leaseNowAt(at))
  const guard = 'lock.key = $1::text AND lock.owner = $2::text AND lock.token = $3::bigint'
  const columns = 'lock.token::float8 AS token, lock.expires_at, lock.marked_at'
  // The number of the advisory lock of a key. A transaction of `fenced` may hold it for long, so each schema of the server has its
  // own: `isFenced` sees the locks of all databases.
  const turnOf = (key: string): string =>
    `hashtextextended(${key}, hashtextextended(current_database()::text || ${quotedText(`.${schema}`)}, ${SEED}::bigint))`
  // Whether a transaction of `fenced` has the turn: only such transactions share it. One may run for long after the lease. Not the
  // view pg_locks, which every acquire would have to open, and for which the role may lack the right.
  const isFenced = (turn: string): string => `EXISTS (
    SELECT 1 FROM pg_lock_status() WHERE mode = 'ShareLock' AND granted AND locktype = 'advisory'
      AND (classid::bigint << 32) + objid::bigint = ${turn}
  )`
  // Takes the turn of a key, and waits for it if no other owner has the lock. Asking for the lease first would cost a batch half
  // as much again. A scalar subquery, because the planner would join the calls of a batch by a scan of the table.
  const takesTurn = (turn: string, key: string, owner: string, now: string): string => `CASE
  WHEN pg_try_advisory_xact_lock(${turn}) THEN true
  WHEN coalesce((
    SELECT lock.owner = ${owner} OR NOT (${heldAt(now)} OR ${isFenced(turn)}) FROM ${table} AS lock WHERE lock.key = ${key}
  ), true) THEN pg_advisory_xact_lock(${turn}) IS NOT NULL END`
  const granted = (at: number): string => `${columns}, ${ranAt(at)}`
  const extended = (ttl: string, at: number): string => `SET (expires_at, marked_at, sweep_at) = (
  SELECT least(mark + ${ttl}, ${LONGEST}), mark, ${sweepAt('mark', ttl)}
  FROM (SELECT greatest(${leaseNowAt(at)}, lock.marked_at) AS mark) AS now
)`

  // The time is read when the advisory lock is acquired. Waiting for the row after that shortens the lease.
  const mark = 'greatest(excluded.marked_at, lock.marked_at)'
  const ttl = 'excluded.expires_at - excluded.marked_at'
  // Whether the owner holds it already, at the time of the grant. With the clock, which moves on, a lease that ends between two
  // looks would keep its token and lose its count.
  const again = `lock.owner = excluded.owner AND lock.expires_at > excluded.marked_at`
  const onHeld = (now: string, holds: string): string => `ON CONFLICT (key) DO UPDATE SET
  owner = excluded.owner,
  token = CASE WHEN ${again} THEN lock.token ELSE excluded.token END,
  holds = ${holds},
  expires_at = greatest(lock.expires_at, least(${mark} + ${ttl}, ${LONGEST})), marked_at = ${mark},
  sweep_at = ${sweepAt(mark, `(${ttl})`)}
WHERE NOT ${heldAt(now)} OR lock.owner = excluded.owner`
  const insert = `INSERT INTO ${table} AS lock (key, owner, token, holds, expires_at, marked_at, sweep_at)`

  // The advisory lock is acquired before the token is drawn, so that the tokens of a key grow in the order of its grants.
  // The call is a CTE of its own, because the planner would take the turn before it sets the timeout.
  const acquire = (holds: string): string => `WITH call AS MATERIALIZED (
  SELECT ${turnOf('$1::text')} AS turn FROM ${LOCK_TIMEOUT}
), turn AS MATERIALIZED (
  SELECT 1 FROM call WHERE ${takesTurn('call.turn', '$1::text', '$2::text', leaseNowAt(4))}
)
${insert}
SELECT $1::text, $2::text, ${token}, 1, least(now + $3::float8, ${LONGEST}), now, least(now + $3::float8, ${LONGEST})
FROM (SELECT ${leaseNowAt(4)} AS now FROM turn) AS granting
${onHeld(leaseNowAt(4), holds)}
RETURNING ${granted(4)}`

  const checkGrant = `SELECT lock.expires_at, lock.marked_at FROM ${table} AS lock WHERE ${guard} AND ${held(4)}`

  // Turns are taken in one order, and rows in another one, that of all other statements.
  const acquireMany = (holds: string): string => `WITH calls AS MATERIALIZED (
  SELECT *, ${turnOf('key')} AS turn FROM ${callsOf('key', 'owner', 'ttl float8')} ORDER BY turn
), turns AS MATERIALIZED (
  SELECT * FROM calls WHERE ${takesTurn('turn', 'calls.key', 'calls.owner', leaseNowOfMany(2))}
)
${insert}
SELECT key, owner, ${token}, 1, least(now + ttl, ${LONGEST}), now, least(now + ttl, ${LONGEST})
FROM (SELECT ${leaseNowOfMany(2)} AS now FROM (SELECT count(*) FROM turns) AS taken) AS granting CROSS JOIN turns
ORDER BY key COLLATE "C"
${onHeld(leaseNowOfMany(2), holds)}
RETURNING lock.key, ${columns}, ${ranAtOfMany(2)}`

  const acquiring = (holds: string, repeatable?: true): Statement<'one'> =>
    write('lock.acquire', 'one', acquire(holds), {
      clocked: 'lease',
      ...(repeatable && { repeatable }),
      batch: { match: 'echo', echo: ['key'], distinct: true, sql: acquireMany(holds) },
    })

  const releasing = (set: string, condition: (now: string) => string): string => `UPDATE ${table} AS lock
SET ${set}, ${keptFrom(leaseNowAt(4))}
FROM ${LOCK_TIMEOUT} WHERE ${guard} AND ${condition(leaseNowAt(4))}
RETURNING 1 AS released`

  // `FOR UPDATE` first: an UPDATE locks its rows in any order, and two different orders would deadlock.
  const releasingMany = (
    given: string,
    set: string,
    condition: (now: string) => string,
  ): string => `WITH given AS MATERIALIZED (
  ${given}
), held AS MATERIALIZED (
  SELECT lock.key FROM ${table} AS lock
  WHERE lock.key = ANY (ARRAY(SELECT key FROM given)) ORDER BY lock.key FOR UPDATE OF lock
)
UPDATE ${table} AS lock SET ${set}, ${keptFrom(once(leaseNowOfMany(2)))}
FROM given WHERE lock.key = ANY (ARRAY(SELECT key FROM held))
  AND lock.key = given.key AND lock.owner = given.owner AND lock.token = given.token AND ${condition(leaseNowOfMany(2))}`

  const releases = callsOf('key', 'owner', 'token bigint')
  const counted = (count: string): string => `holds = lock.holds - sign(lock.holds::float8)::int * ${count},
  expires_at = CASE WHEN abs(lock.holds) > ${count} THEN lock.expires_at ELSE 0 END`
  // Changes nothing when it is repeated, unlike a count.
  const unique = `holds = least(lock.holds, 1 - lock.holds),
  expires_at = CASE WHEN lock.holds IN (0, 1) THEN 0 ELSE lock.expires_at END`
  const uniqueIsOver = (now: string): string => `(lock.holds <= 0 OR ${heldAt(now)})`

  const now = once(leaseNowAt(2))
  const over = `sweep_at <= ${now} AND expires_at <= ${now}`
  // Moves the due time of a row that is held again, so that not every sweep looks at it until its lease ends.
  const later = `held AS (
  UPDATE ${table} SET sweep_at = expires_at WHERE key = ANY (ARRAY(
    SELECT key FROM ${table} WHERE sweep_at <= ${now} AND expires_at > ${now}
    ORDER BY sweep_at LIMIT $1::int FOR UPDATE SKIP LOCKED
  ))
)`

  return {
    table: table.replaceAll('"', ''),

    acquire: acquiring(`CASE WHEN ${again} THEN lock.holds + sign(lock.holds::float8)::int ELSE 1 END`),
    acquireUnique: acquiring('1', true),

    extendGrant: write(
      'lock.extend',
      'one',
      `UPDATE ${table} AS lock ${extended('$4::float8', 5)}
FROM ${LOCK_TIMEOUT} WHERE ${guard} AND ${held(5)}
RETURNING ${granted(5)}`,
      { clocked: 'lease', repeatable: true },
    ),

    extendOwned: write(
      'lock.extend',
      'one',
      `UPDATE ${table} AS lock ${extended('$3::float8', 4)}
FROM ${LOCK_TIMEOUT} WHERE lock.key = $1::text AND lock.owner = $2::text AND ${held(4)}
RETURNING ${granted(4)}`,
      { clocked: 'lease', repeatable: true },
    ),

    release: write('lock.release', 'one', releasing(counted('1'), heldAt), {
      clocked: 'lease',
      batch: {
        match: 'echo',
        echo: ['key', 'owner', 'token'],
        // Grouped, because UPDATE changes a row once even if several calls match it.
        sql: `${releasingMany(
          `SELECT key, owner, token, count(*)::int AS count FROM ${releases} GROUP BY 1, 2, 3`,
          counted('given.count'),
          heldAt,
        )}
RETURNING lock.key, lock.owner, lock.token::float8 AS token`,
      },
    }),

    releaseUnique: write('lock.release', 'one', releasing(unique, uniqueIsOver), {
      clocked: 'lease',
      repeatable: true,
      batch: {
        match: 'index',
        distinct: true,
        sql: `${releasingMany(`SELECT * FROM ${releases}`, unique, uniqueIsOver)}
RETURNING given.i, 1 AS released`,
      },
    }),

    checkGrant: read('lock.isValid', 'one', checkGrant, { clocked: 'lease' }),

    // The turn keeps the lock from being granted again. A statement of its own takes it, because no statement sees what others
    // commit while it waits. A late holder does not take it: others would get `null` for a free lock until it rolls back.
    enterFence: write(
      'fenced',
      'one',
      `SELECT pg_advisory_xact_lock_shared(${turnOf('$1::text')}) AS turn
FROM (SELECT set_config('idle_in_transaction_session_timeout', '${BEFORE_CHECK_MS}', true)) AS idle, ${table} AS lock
WHERE ${guard} AND ${held(4)}`,
      { clocked: 'lease' },
    ),

    // The lock of the row lets a server that cannot write refuse this. A stronger one would make renewals and the release wait for
    // the transaction. The holder's process may hang forever inside its transaction. The server ends the transaction with the lease.
    fence: write(
      'fenced',
      'one',
      `SELECT set_config('idle_in_transaction_session_timeout', ceil(
  least(greatest(lock.expires_at - ${leaseNowAt(4)}, 1000), 2147483647)
)::int::text, true) FROM ${table} AS lock WHERE ${guard} AND ${held(4)} FOR KEY SHARE`,
      { clocked: 'lease' },
    ),

    // Not DELETE, which would wait for a transaction of `fenced`; the next sweep deletes the row. No grant has an empty owner.
    forceRelease: write(
      'lock.forceRelease',
      'none',
      `UPDATE ${table} AS lock SET owner = '', holds = 0, expires_at = 0, sweep_at = 0
FROM ${LOCK_TIMEOUT} WHERE lock.key = $1::text`,
      { repeatable: true },
    ),

    sweep: write('lock.sweep', 'many', `WITH ${later}\n${deleteExpired(table, over, 'sweep_at')}`, {
      clocked: 'lease',
      repeatable: true,
    }),
  }
}
