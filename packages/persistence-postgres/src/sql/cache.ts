import { type CacheSql, read, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf, deleteAll, deleteExpired, itemsOf, TEXTS } from './calls.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'
import { inRange, nameAndNext, ofValue } from './pages.js'
import { nowAt, once } from './time.js'

/** @param table With its schema, quoted. */
export function cacheSql(table: string): CacheSql {
  const lasts = (at: number): string => `(entry.expires_at IS NULL OR entry.expires_at > ${nowAt(at)})`
  const onSet = 'ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at'
  const insert = `INSERT INTO ${table} AS entry (key, value, expires_at)
SELECT $1::text, $2::text, ${nowAt(4)} + $3::float8 FROM ${LOCK_TIMEOUT} ${onSet}`
  // Only the last entry of each key, because an upsert cannot change a row twice.
  const insertMany = (entries: string): string => `INSERT INTO ${table} AS entry (key, value, expires_at)
SELECT DISTINCT ON (key COLLATE "C") key, value, ${nowAt(2)} + ttl
FROM ${entries} ORDER BY key COLLATE "C", i DESC
${onSet}`
  const entry = ['key', 'value', 'ttl float8']
  const setTogether = insertMany(callsOf(...entry))
  // One index scan takes half the time of one scan per key.
  const among = (columns: string): string =>
    `SELECT ${columns} FROM ${table} AS entry WHERE entry.key = ANY (${TEXTS}) AND ${lasts(2)}`
  const get = read(
    'cache.get',
    'one',
    `SELECT entry.value FROM ${table} AS entry WHERE entry.key = $1::text AND ${lasts(2)}`,
    {
      clocked: 'wall',
      batch: { match: 'echo', echo: ['key'], sql: among('entry.key, entry.value') },
    },
  )
  return {
    table: table.replaceAll('"', ''),
    get,
    getOrLoad: { ...get, name: 'cache.getOrSet' },

    getWithExpiry: read(
      'cache.getOrSet',
      'one',
      `SELECT entry.value, entry.expires_at, entry.expires_at - ${nowAt(2)} AS remaining
FROM ${table} AS entry WHERE entry.key = $1::text AND ${lasts(2)}`,
      { clocked: 'wall' },
    ),

    getMany: read(
      'cache.getMany',
      'many',
      `SELECT calls.i, found.value FROM ${callsOf('key')} CROSS JOIN LATERAL (
  SELECT entry.value FROM ${table} AS entry WHERE entry.key = calls.key AND ${lasts(2)} LIMIT 1
) AS found`,
      { clocked: 'wall' },
    ),

    set: write('cache.set', 'none', insert, {
      clocked: 'wall',
      repeatable: true,
      batch: { match: 'none', sql: setTogether },
    }),

    setMany: write('cache.setMany', 'none', insertMany(itemsOf(...entry)), { clocked: 'wall', repeatable: true }),

    add: write('cache.getOrSet', 'none', `${insert} WHERE entry.expires_at <= ${nowAt(4)}`, {
      clocked: 'wall',
      repeatable: true,
      batch: { match: 'none', distinct: true, sql: `${setTogether} WHERE entry.expires_at <= ${nowAt(2)}` },
    }),

    replace: write(
      'cache.getOrSet',
      'none',
      `UPDATE ${table} AS entry SET value = $2::text, expires_at = ${nowAt(6)} + $3::float8
FROM ${LOCK_TIMEOUT} WHERE entry.key = $1::text AND entry.value = $4::text AND entry.expires_at = $5::float8`,
      { clocked: 'wall', repeatable: true },
    ),

    discard: write(
      'cache.getOrSet',
      'none',
      `DELETE FROM ${table} USING ${LOCK_TIMEOUT} WHERE key = $1::text AND value = $2::text`,
      {
        repeatable: true,
      },
    ),

    has: read(
      'cache.has',
      'one',
      `SELECT 1 AS found FROM ${table} AS entry WHERE entry.key = $1::text AND ${lasts(2)}`,
      { clocked: 'wall', batch: { match: 'echo', echo: ['key'], sql: among('entry.key') } },
    ),

    delete: write('cache.delete', 'none', `DELETE FROM ${table} USING ${LOCK_TIMEOUT} WHERE key = $1::text`, {
      repeatable: true,
      batch: { match: 'none', sql: deleteAll(table) },
    }),

    deleteMany: write('cache.deleteMany', 'none', deleteAll(table), { repeatable: true }),

    keys: read(
      'cache.keys',
      'many',
      `SELECT entry.key FROM ${table} AS entry
WHERE entry.key >= $1::text AND entry.key < $2::text AND ${lasts(3)} ORDER BY entry.key`,
      { clocked: 'wall' },
    ),

    page: read(
      'cache.entries',
      'many',
      `SELECT ${nameAndNext('entry.key')}, ${ofValue('entry.value')}, entry.expires_at, ${lasts(6)}::int AS lasts
FROM ${table} AS entry WHERE ${inRange('entry.key')} ORDER BY entry.key LIMIT $4::int`,
      { clocked: 'wall' },
    ),

    touch: write(
      'cache.touch',
      'one',
      `UPDATE ${table} AS entry SET expires_at = ${nowAt(3)} + $2::float8
FROM ${LOCK_TIMEOUT} WHERE entry.key = $1::text AND ${lasts(3)} RETURNING 1 AS found`,
      { clocked: 'wall', repeatable: true },
    ),

    timeLeft: read(
      'cache.ttl',
      'one',
      `SELECT entry.expires_at - ${nowAt(2)} AS remaining FROM ${table} AS entry WHERE entry.key = $1::text AND ${lasts(2)}`,
      { clocked: 'wall' },
    ),

    clear: write(
      'cache.clear',
      'none',
      `DELETE FROM ${table} USING ${LOCK_TIMEOUT} WHERE key >= $1::text AND key < $2::text`,
      {
        repeatable: true,
      },
    ),

    count: read(
      'cache.stats',
      'one',
      `SELECT count(*)::int AS size FROM ${table} AS entry
WHERE entry.key >= $1::text AND entry.key < $2::text AND ${lasts(3)}`,
      { clocked: 'wall' },
    ),

    sweep: write('cache.sweep', 'many', deleteExpired(table, `expires_at <= ${once(nowAt(2))}`), {
      clocked: 'wall',
      repeatable: true,
    }),
  }
}
