import type { Statement } from '../../../queue/statement.js'

// A lock is held while its expiry is later than the current time. The time is the caller's or the highest that was ever
// stored, whichever is later: a wall clock that is behind neither revives a lease nor grants one that ends too early.
const MARK = '(SELECT clock FROM go_goscope_lock_counter WHERE id = 1)'
// What every engine can read back exactly; it stands for no expiry.
const LONGEST = Number.MAX_SAFE_INTEGER

const acquire = (calls: string, grant: string, time: string) => `INSERT INTO go_goscope_locks (
  key, owner, token, holds, expires_at, marked_at
)
SELECT ${grant}, 1, min(max(counter.clock, ${time}) + ${calls}, ${LONGEST}), max(counter.clock, ${time})`

const ON_HELD = `ON CONFLICT (key) DO UPDATE SET
  owner = excluded.owner,
  token = CASE WHEN expires_at > excluded.marked_at THEN token ELSE excluded.token END,
  holds = CASE WHEN expires_at > excluded.marked_at THEN holds + 1 ELSE 1 END,
  expires_at = max(expires_at, excluded.expires_at),
  marked_at = excluded.marked_at
WHERE expires_at <= excluded.marked_at OR owner = excluded.owner`

/**
 * Parameters: key, owner, ttl. No row while another owner holds the lock; the same owner's holds are counted under one
 * token. In a batch a token is the counter's plus the position of the call, so that no two grants share one.
 */
export const ACQUIRE: Statement<'one'> = {
  name: 'lock.acquire',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `${acquire('?3', '?1, ?2, counter.token + 1', '?4')}
FROM go_goscope_lock_counter AS counter WHERE counter.id = 1
${ON_HELD}
RETURNING token, expires_at, marked_at, ?4 AS ran_at`,
  batch: {
    match: 'echo',
    echo: ['key', 'owner'],
    sql: `${acquire('(calls.value ->> 2)', 'calls.value ->> 0, calls.value ->> 1, counter.token + 1 + calls.key', '?2')}
FROM json_each(?1) AS calls CROSS JOIN go_goscope_lock_counter AS counter ON counter.id = 1 WHERE true
${ON_HELD}
RETURNING key, owner, token, expires_at, marked_at, ?2 AS ran_at`,
  },
}

const extend = (ttl: string, time: string) => `UPDATE go_goscope_locks SET
  expires_at = min(max(${time}, ${MARK}) + ${ttl}, ${LONGEST}), marked_at = max(${time}, ${MARK})`

/** Parameters: key, owner, token, ttl. No row when this grant is over. */
export const EXTEND_GRANT: Statement<'one'> = {
  name: 'lock.extend',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `${extend('?4', '?5')}
WHERE key = ?1 AND owner = ?2 AND token = ?3 AND expires_at > max(?5, ${MARK})
RETURNING token, expires_at, marked_at, ?5 AS ran_at`,
}

/** The same from a timer. */
export const RENEW_GRANT: Statement<'one'> = { ...EXTEND_GRANT, background: true }

/** Parameters: key, owner, ttl. No row when the owner does not hold the lock. */
export const EXTEND_OWNED: Statement<'one'> = {
  name: 'lock.extend',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `${extend('?3', '?4')}
WHERE key = ?1 AND owner = ?2 AND expires_at > max(?4, ${MARK})
RETURNING token, expires_at, marked_at, ?4 AS ran_at`,
}

/** Parameters: key, owner, token. A row when it gave one hold back; the last one frees the lock. */
export const RELEASE: Statement<'one'> = {
  name: 'lock.release',
  kind: 'write',
  rows: 'one',
  clocked: 'lease',
  sql: `UPDATE go_goscope_locks SET holds = holds - 1, expires_at = CASE WHEN holds > 1 THEN expires_at ELSE 0 END
WHERE key = ?1 AND owner = ?2 AND token = ?3 AND expires_at > max(?4, ${MARK})
RETURNING token`,
  // Grouped, because UPDATE FROM changes a row once however many match it.
  batch: {
    match: 'echo',
    echo: ['key', 'owner', 'token'],
    sql: `UPDATE go_goscope_locks SET
  holds = holds - calls.count, expires_at = CASE WHEN holds > calls.count THEN expires_at ELSE 0 END
FROM (
  SELECT value ->> 0 AS name, value ->> 1 AS holder, value ->> 2 AS grant_token, count(*) AS count
  FROM json_each(?1) GROUP BY 1, 2, 3
) AS calls
WHERE key = calls.name AND owner = calls.holder AND token = calls.grant_token AND expires_at > max(?2, ${MARK})
RETURNING key, owner, token`,
  },
}

/** Parameters: key, owner, token. A row while this grant holds the lock. */
export const CHECK_GRANT: Statement<'one'> = {
  name: 'lock.isValid',
  kind: 'read',
  rows: 'one',
  clocked: 'lease',
  sql: `SELECT expires_at, ${MARK} AS marked_at FROM go_goscope_locks
WHERE key = ?1 AND owner = ?2 AND token = ?3 AND expires_at > max(?4, ${MARK})`,
}

/** Parameters: key. */
export const FORCE_RELEASE: Statement<'none'> = {
  name: 'lock.forceRelease',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: 'DELETE FROM go_goscope_locks WHERE key = ?1',
  batch: { match: 'none', sql: 'DELETE FROM go_goscope_locks WHERE key IN (SELECT value FROM json_each(?1))' },
}

/** The highest time that was stored. */
export const READ_MARK: Statement<'one'> = {
  name: 'lock.acquire',
  kind: 'read',
  rows: 'one',
  clocked: false,
  sql: 'SELECT clock AS marked_at FROM go_goscope_lock_counter WHERE id = 1',
}

/** Parameters: most rows. The outer condition repeats the expiry: a lock taken since must stay. */
export const SWEEP_LOCKS: Statement<'many'> = {
  name: 'lock.sweep',
  kind: 'write',
  rows: 'many',
  clocked: 'lease',
  sql: `DELETE FROM go_goscope_locks WHERE key IN (
  SELECT key FROM go_goscope_locks WHERE expires_at <= max(?2, ${MARK}) ORDER BY expires_at LIMIT ?1
) AND expires_at <= max(?2, ${MARK}) RETURNING 1`,
}
