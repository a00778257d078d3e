import type { Statement } from '../../../queue/statement.js'

/** Every statement on one cache table. */
export interface CacheSql {
  readonly table: string
  /** Parameters: key. */
  readonly get: Statement<'one'>
  /** Parameters: JSON array of keys. */
  readonly getMany: Statement<'many'>
  /** Parameters: key, value, expiry. */
  readonly set: Statement<'none'>
  /** Stores where nothing unexpired is. Parameters: key, value, expiry. */
  readonly add: Statement<'none'>
  /** Deletes the row only while it holds that value. Parameters: key, value. */
  readonly discard: Statement<'none'>
  /** Parameters: JSON array of [key, value, expiry]. */
  readonly setMany: Statement<'none'>
  /** Parameters: key. */
  readonly has: Statement<'one'>
  /** Parameters: key. */
  readonly delete: Statement<'none'>
  /** Parameters: JSON array of keys. */
  readonly deleteMany: Statement<'none'>
  /** Parameters: first name, end of range. */
  readonly keys: Statement<'many'>
  /** Parameters: first name, end of range. */
  readonly clear: Statement<'none'>
  /** Parameters: first name, end of range. */
  readonly count: Statement<'one'>
  /** Parameters: most rows. */
  readonly sweep: Statement<'many'>
}

/** @param table A valid SQL name; the caller has checked it. */
export function cacheSql(table: string): CacheSql {
  const name = `"${table}"`
  const live = '(expires_at IS NULL OR expires_at > ?2)'
  const onSet =
    'ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, created_at = excluded.created_at'
  // CROSS JOIN keeps the planner from scanning the table for each key. The keys are parameters, hence the outer loop.
  const found = `FROM json_each(?1) AS calls CROSS JOIN ${name} AS entries ON entries.key = calls.value AND ${live}`
  const getMany = `SELECT calls.key AS i, entries.value ${found}`
  const insert = `INSERT INTO ${name} (key, value, expires_at) VALUES (?1, ?2, ?3) ${onSet}`
  const insertMany = `INSERT INTO ${name} (key, value, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true ${onSet}`
  const deleteMany = `DELETE FROM ${name} WHERE key IN (SELECT value FROM json_each(?1))`
  const inRange = 'key >= ?1 AND key < ?2'
  return {
    table,
    get: {
      name: 'cache.get',
      kind: 'read',
      rows: 'one',
      clocked: true,
      sql: `SELECT value FROM ${name} WHERE key = ?1 AND ${live}`,
      batch: { match: 'index', sql: getMany },
    },
    getMany: {
      name: 'cache.getMany',
      kind: 'read',
      rows: 'many',
      clocked: true,
      sql: getMany,
    },
    set: {
      name: 'cache.set',
      kind: 'write',
      rows: 'none',
      clocked: false,
      sql: insert,
      batch: { match: 'none', sql: insertMany },
    },
    add: {
      name: 'cache.getOrSet',
      kind: 'write',
      rows: 'none',
      clocked: true,
      sql: `${insert} WHERE ${name}.expires_at <= ?4`,
      batch: { match: 'none', sql: `${insertMany} WHERE ${name}.expires_at <= ?2` },
    },
    discard: {
      name: 'cache.getOrSet',
      kind: 'write',
      rows: 'none',
      clocked: false,
      sql: `DELETE FROM ${name} WHERE key = ?1 AND value = ?2`,
    },
    setMany: { name: 'cache.setMany', kind: 'write', rows: 'none', clocked: false, sql: insertMany },
    has: {
      name: 'cache.has',
      kind: 'read',
      rows: 'one',
      clocked: true,
      sql: `SELECT 1 AS found FROM ${name} WHERE key = ?1 AND ${live}`,
      batch: { match: 'index', sql: `SELECT calls.key AS i ${found}` },
    },
    delete: {
      name: 'cache.delete',
      kind: 'write',
      rows: 'none',
      clocked: false,
      sql: `DELETE FROM ${name} WHERE key = ?1`,
      batch: { match: 'none', sql: deleteMany },
    },
    deleteMany: { name: 'cache.deleteMany', kind: 'write', rows: 'none', clocked: false, sql: deleteMany },
    keys: {
      name: 'cache.keys',
      kind: 'read',
      rows: 'many',
      clocked: true,
      sql: `SELECT key FROM ${name} WHERE ${inRange} AND (expires_at IS NULL OR expires_at > ?3) ORDER BY key`,
    },
    clear: {
      name: 'cache.clear',
      kind: 'write',
      rows: 'none',
      clocked: false,
      sql: `DELETE FROM ${name} WHERE ${inRange}`,
    },
    count: {
      name: 'cache.stats',
      kind: 'read',
      rows: 'one',
      clocked: true,
      sql: `SELECT count(*) AS size FROM ${name} WHERE ${inRange} AND (expires_at IS NULL OR expires_at > ?3)`,
    },
    sweep: {
      name: 'cache.sweep',
      kind: 'write',
      rows: 'many',
      clocked: true,
      // The outer condition repeats the expiry: a row refreshed since the inner SELECT must stay.
      sql: `DELETE FROM ${name} WHERE key IN (
  SELECT key FROM ${name} WHERE expires_at <= ?2 ORDER BY expires_at LIMIT ?1
) AND expires_at <= ?2 RETURNING 1`,
    },
  }
}
