import { type Dialect, invalidOption } from '@go-go-scope/persistence-core/dialect'
import { type Durability, PostgresPlace } from './postgres-place.js'
import { countsOf, serverStats } from './postgres-stats.js'
import { creatingCacheTable, migrating } from './schema/migrate.js'
import { OUR_NAMES } from './schema/moved.js'
import { prefixNames } from './schema/prefix-layout.js'
import { cacheSql } from './sql/cache.js'
import { checkpointSql } from './sql/checkpoints.js'
import { circuitSql } from './sql/circuits.js'
import { claimSql } from './sql/claims.js'
import { classify, undone } from './sql/error-codes.js'
import { fencedStep } from './sql/fenced-statement.js'
import { inspectSql } from './sql/inspect.js'
import { invariantSql } from './sql/invariants.js'
import { lockSql } from './sql/locks.js'
import { probeSql } from './sql/probes.js'
import { quoted } from './sql/quoted.js'
import { resultSql } from './sql/results.js'
import { bindTime } from './sql/time.js'
import { TRANSACTION } from './sql/transaction.js'

const dialects = new Map<string, Dialect>()

/** Returns the dialect for the tables of `schema`. Always the same object, because calls share a statement only by identity. */
export function postgresDialect(schema: string, durability: Durability): Dialect {
  const name = `${durability} ${schema}`
  const dialect = dialects.get(name) ?? makeDialect(schema, durability)
  dialects.set(name, dialect)
  return dialect
}

function makeDialect(schema: string, durability: Durability): Dialect {
  const prefix = quoted(schema)
  const setUp = migrating(schema)
  return {
    system: 'postgresql',
    onOneHandle: `the schema ${JSON.stringify(schema)} and durability: '${durability}'`,
    ping: 'SELECT 1 AS pong',
    transaction: TRANSACTION,
    classify,
    undone,
    bindTime,
    adopt: (driver) => driver,
    place: (options) => new PostgresPlace(options, schema, durability),
    names: (queue, keyPrefix, writable) => prefixNames(queue, schema, keyPrefix, writable),
    locks: lockSql(prefix),
    circuits: circuitSql(prefix, schema),
    probes: probeSql(prefix, schema),
    results: resultSql(prefix, schema),
    claims: claimSql(prefix, schema),
    checkpoints: checkpointSql(prefix),
    inspect: inspectSql(prefix),
    invariants: invariantSql(prefix),
    setUp,
    fencedStep,
    counts: countsOf(prefix),
    stats: serverStats,

    cache(table = 'cache') {
      if (table === 'cache') return { sql: cacheSql(`${prefix}.cache`), setUp }
      checkTableName(table)
      return { sql: cacheSql(`${prefix}.${quoted(table)}`), setUp: creatingCacheTable(schema, table) }
    },
  }
}

/** @throws PersistenceError `INVALID_OPTION`. */
function checkTableName(name: unknown): void {
  if (typeof name !== 'string' || !/^[A-Za-z_]\w{0,62}$/.test(name) || /^pg_/i.test(name)) {
    throw invalidOption(
      'tableName',
      name,
      'letters, digits and underscores, at most 63, not starting with a digit or with pg_',
    )
  }
  if (OUR_NAMES.includes(name)) throw invalidOption('tableName', name, 'a name that no table or sequence of ours has')
}
