import type { Dialect } from '../../adapter/dialect.js'
import { messageOf } from '../../errors/is-error.js'
import { withEmptiedLog } from './engine/emptied-log.js'
import { classify } from './error-codes.js'
import { fencedStep } from './fenced-statement.js'
import { checkTableName, createCacheTable } from './schema/cache-table.js'
import { migrate } from './schema/migrate.js'
import { SCHEMA_VERSION } from './schema/migrations.js'
import { prefixNames } from './schema/prefix-layout.js'
import { CACHE_TABLE } from './schema/published-tables.js'
import { SCHEMA_INVARIANTS } from './schema/schema-invariants.js'
import { SqlitePlace } from './sqlite-place.js'
import { COUNTS, fileStats } from './sqlite-stats.js'
import { cacheSql } from './statements/cache.js'
import { checkpointSql } from './statements/checkpoints.js'
import { circuitSql } from './statements/circuits.js'
import { claimSql } from './statements/claims.js'
import { inspectSql } from './statements/inspect.js'
import { invariantSql } from './statements/invariants.js'
import { leaseTimeSql } from './statements/lease-time.js'
import { lockSql } from './statements/locks.js'
import { probeSql } from './statements/probes.js'
import { resultSql } from './statements/results.js'

// One object for all adapters: calls share a statement only if they use the same object.
const CACHE_SQL = cacheSql(CACHE_TABLE.name)

export const sqliteDialect: Dialect = {
  schemaVersion: SCHEMA_VERSION,
  system: 'sqlite',
  ping: 'SELECT 1',
  transaction: { begin: 'BEGIN IMMEDIATE', commit: 'COMMIT', rollback: 'ROLLBACK' },
  classify,
  leftOpen: (error) => !/no transaction is active/.test(messageOf(error)),
  adopt: withEmptiedLog,
  place: (options) => new SqlitePlace(options),
  names: prefixNames,
  leaseTime: leaseTimeSql,
  locks: lockSql,
  circuits: circuitSql,
  probes: probeSql,
  results: resultSql,
  claims: claimSql,
  checkpoints: checkpointSql,
  inspect: inspectSql,
  invariants: { ...invariantSql, database: [...invariantSql.database, ...SCHEMA_INVARIANTS] },
  setUp: migrate,
  fencedStep,
  counts: COUNTS,
  stats: fileStats,

  cache(table = CACHE_TABLE.name) {
    const name = checkTableName(table)
    const setUp = name === CACHE_TABLE.name ? migrate : createCacheTable.bind(undefined, name)
    return { sql: name === CACHE_TABLE.name ? CACHE_SQL : cacheSql(name), setUp }
  },
}
