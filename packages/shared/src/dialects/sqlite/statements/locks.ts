import { read, write } from '../../../queue/statement.js'
import type { LockSql } from '../../../stores/lock/lock-sql.js'
import { deleteExpired } from './delete-expired.js'

// A lock is held while its expiry is later than the current time. The current time is the caller's or the highest one ever
// stored, whichever is later: a wall clock that is behind neither revives a lease nor grants one that ends too early.
export const MARK: string = '(SELECT clock FROM go_goscope_lock_counter WHERE id = 1)'
// The largest integer that every engine reads exactly; stands for no expiry.
const LONGEST = Number.MAX_SAFE_INTEGER

const ON_HELD = `ON CONFLICT (key) DO UPDATE SET
  owner = excluded.owner,
  token = CASE WHEN expires_at > excluded.marked_at THEN token ELSE excluded.token END,
  holds = CASE WHEN expires_at > excluded.marked_at THEN holds + 1 ELSE 1 END,
  expires_at = max(expires_at, excluded.expires_at),
  marked_at = excluded.marked_at
WHERE expires_at <= excluded.marked_at OR owner = excluded.owner`

export const lockSql: LockSql = {
  table: 'go_goscope_locks',
  counterTable: 'go_goscope_lock_counter',

  acquire: write(
    'lock.acquire',
    'one',
    `INSERT INTO go_goscope_locks (key, owner, token, holds, expires_at, marked_at)
SELECT ?1, ?2, counter.token + 1, 1, min(max(counter.clock, ?4) + ?3, ${LONGEST}), max(counter.clock, ?4)
FROM go_goscope_lock_counter AS counter WHERE counter.id = 1
${ON_HELD}
RETURNING token, expires_at, marked_at, ?4 AS ran_at`,
    {
      clocked: 'lease',
      announces: { of: 'leaseTime', column: 'marked_at' },
      // A token is the counter plus the position of the call.
      batch: {
        match: 'echo',
        echo: ['key', 'owner'],
        sql: `INSERT INTO go_goscope_locks (key, owner, token, holds, expires_at, marked_at)
SELECT calls.value ->> 0, calls.value ->> 1, counter.token + 1 + calls.key, 1,
  min(max(counter.clock, ?2) + (calls.value ->> 2), ${LONGEST}), max(counter.clock, ?2)
FROM json_each(?1) AS calls CROSS JOIN go_goscope_lock_counter AS counter ON counter.id = 1 WHERE true
${ON_HELD}
RETURNING key, owner, token, expires_at, marked_at, ?2 AS ran_at`,
      },
    },
  ),

  extendGrant: write(
    'lock.extend',
    'one',
    `UPDATE go_goscope_locks SET
  expires_at = min(max(?5, ${MARK}) + ?4, ${LONGEST}), marked_at = max(?5, ${MARK})
WHERE key = ?1 AND owner = ?2 AND token = ?3 AND expires_at > max(?5, ${MARK})
RETURNING token, expires_at, marked_at, ?5 AS ran_at`,
    { clocked: 'lease', announces: { of: 'leaseTime', column: 'marked_at' } },
  ),

  extendOwned: write(
    'lock.extend',
    'one',
    `UPDATE go_goscope_locks SET
  expires_at = min(max(?4, ${MARK}) + ?3, ${LONGEST}), marked_at = max(?4, ${MARK})
WHERE key = ?1 AND owner = ?2 AND expires_at > max(?4, ${MARK})
RETURNING token, expires_at, marked_at, ?4 AS ran_at`,
    { clocked: 'lease', announces: { of: 'leaseTime', column: 'marked_at' } },
  ),

  release: write(
    'lock.release',
    'one',
    `UPDATE go_goscope_locks SET
  holds = holds - 1, expires_at = CASE WHEN holds > 1 THEN expires_at ELSE 0 END
WHERE key = ?1 AND owner = ?2 AND token = ?3 AND expires_at > max(?4, ${MARK})
RETURNING token`,
    {
      clocked: 'lease',
      // Grouped, because UPDATE FROM changes a row only once even if several rows match it.
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
    },
  ),

  checkGrant: read(
    'lock.isValid',
    'one',
    `SELECT expires_at, ${MARK} AS marked_at FROM go_goscope_locks
WHERE key = ?1 AND owner = ?2 AND token = ?3 AND expires_at > max(?4, ${MARK})`,
    { clocked: 'lease', announces: { of: 'leaseTime', column: 'marked_at' } },
  ),

  forceRelease: write('lock.forceRelease', 'none', 'DELETE FROM go_goscope_locks WHERE key = ?1', {
    batch: { match: 'none', sql: 'DELETE FROM go_goscope_locks WHERE key IN (SELECT value FROM json_each(?1))' },
  }),

  readMark: read('lock.acquire', 'one', 'SELECT clock AS marked_at FROM go_goscope_lock_counter WHERE id = 1', {
    announces: { of: 'leaseTime', column: 'marked_at' },
  }),

  sweep: write('lock.sweep', 'many', deleteExpired('go_goscope_locks', `max(?2, ${MARK})`), { clocked: 'lease' }),
}
