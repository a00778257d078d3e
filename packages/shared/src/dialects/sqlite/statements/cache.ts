import { read, write } from '../../../queue/statement.js'
import type { CacheSql } from '../../../stores/cache/cache-sql.js'
import { deleteExpired } from './delete-expired.js'
import { anyNumber, anyNumbers, inRange, nameAndNext, ofValue } from './pages.js'
import { boundRows } from './places.js'

/** @param table A valid SQL name, checked by the caller. */
export function cacheSql(table: string): CacheSql {
  const name = `"${table}"`
  const onSet =
    'ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, created_at = excluded.created_at'
  // CROSS JOIN keeps the planner from scanning the table for each key: the keys are parameters and therefore the outer loop.
  const getMany = `SELECT calls.key AS i, entries.value
FROM json_each(?1) AS calls CROSS JOIN ${name} AS entries
  ON entries.key = calls.value AND (entries.expires_at IS NULL OR entries.expires_at > ?2)`
  const getPacked = `SELECT json_group_array(i) AS i, json_group_array(value) AS value FROM (${getMany})`
  const insert = `INSERT INTO ${name} (key, value, expires_at) VALUES (?1, ?2, ?3) ${onSet}`
  const insertMany = `INSERT INTO ${name} (key, value, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true ${onSet}`
  const insertBound = `INSERT INTO ${name} (key, value, expires_at) VALUES ${boundRows(3)} ${onSet}`
  const deleteMany = `DELETE FROM ${name} WHERE key IN (SELECT value FROM json_each(?1))`
  const get = read(
    'cache.get',
    'one',
    `SELECT value FROM ${name} WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`,
    {
      clocked: 'wall',
      batch: { match: 'index', sql: getMany, packed: getPacked },
    },
  )
  return {
    table,
    get,
    getOrLoad: { ...get, name: 'cache.getOrSet' },

    getWithExpiry: read(
      'cache.getOrSet',
      'one',
      `SELECT value, min(expires_at, ${Number.MAX_SAFE_INTEGER}) AS expires_at, expires_at - ?2 AS remaining FROM ${name}
WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`,
      { clocked: 'wall' },
    ),

    getMany: read('cache.getMany', 'many', getMany, { clocked: 'wall' }),

    set: write('cache.set', 'none', insert, {
      announces: { of: 'entry', table },
      batch: { match: 'none', sql: insertMany, bound: insertBound },
    }),

    setMany: write('cache.setMany', 'none', insertMany, { announces: { of: 'entryRows', table } }),

    add: write('cache.getOrSet', 'none', `${insert} WHERE ${name}.expires_at <= ?4`, {
      clocked: 'wall',
      batch: {
        match: 'none',
        sql: `${insertMany} WHERE ${name}.expires_at <= ?2`,
        bound: `${insertBound} WHERE ${name}.expires_at <= ?`,
      },
    }),

    replace: write(
      'cache.getOrSet',
      'none',
      `UPDATE ${name} SET value = ?2, expires_at = ?3, created_at = unixepoch() WHERE key = ?1 AND value = ?4 AND expires_at = ?5`,
    ),

    discard: write('cache.getOrSet', 'none', `DELETE FROM ${name} WHERE key = ?1 AND value = ?2`),

    has: read(
      'cache.has',
      'one',
      `SELECT 1 AS found FROM ${name} WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`,
      {
        clocked: 'wall',
        batch: {
          match: 'index',
          sql: `SELECT calls.key AS i, 1 AS found
FROM json_each(?1) AS calls CROSS JOIN ${name} AS entries
  ON entries.key = calls.value AND (entries.expires_at IS NULL OR entries.expires_at > ?2)`,
        },
      },
    ),

    delete: write('cache.delete', 'none', `DELETE FROM ${name} WHERE key = ?1`, {
      announces: { of: 'entry', table },
      batch: { match: 'none', sql: deleteMany },
    }),

    deleteMany: write('cache.deleteMany', 'none', deleteMany, { announces: { of: 'entries', table } }),

    keys: read(
      'cache.keys',
      'many',
      `SELECT key FROM ${name} WHERE key >= ?1 AND key < ?2 AND (expires_at IS NULL OR expires_at > ?3) ORDER BY key`,
      { clocked: 'wall', scans: true, decodesInParts: true },
    ),

    page: read(
      'cache.entries',
      'many',
      `SELECT ${nameAndNext()}, ${ofValue('value')}, ${anyNumbers('expires_at')}, ${anyNumber('created_at * 1000', 'created_at')},
  expires_at IS NULL OR expires_at > ?6 AS lasts
FROM ${name} WHERE ${inRange()} ORDER BY key LIMIT ?4`,
      { clocked: 'wall', scans: true },
    ),

    touch: write(
      'cache.touch',
      'one',
      `UPDATE ${name} SET expires_at = ?2 WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?3) RETURNING 1 AS found`,
      { clocked: 'wall' },
    ),

    timeLeft: read(
      'cache.ttl',
      'one',
      `SELECT expires_at - ?2 AS remaining FROM ${name} WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`,
      { clocked: 'wall' },
    ),

    clear: write('cache.clear', 'none', `DELETE FROM ${name} WHERE key >= ?1 AND key < ?2`, {
      announces: { of: 'entryRange', table },
    }),

    count: read(
      'cache.stats',
      'one',
      `SELECT count(*) AS size FROM ${name} WHERE key >= ?1 AND key < ?2 AND (expires_at IS NULL OR expires_at > ?3)`,
      { clocked: 'wall', scans: true },
    ),

    sweep: write('cache.sweep', 'many', deleteExpired(name), { clocked: 'wall' }),
  }
}
