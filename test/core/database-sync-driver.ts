import type { Row, SqlValue, SyncDriver, SyncStatement } from '@go-go-scope/persistence-core'
import type { DatabaseSync } from '@photostructure/sqlite'

type Database = InstanceType<typeof DatabaseSync>

/** Makes a driver for tests of the core that need no particular engine. `before` is called with each statement first. */
export function databaseSyncDriver(database: Database, before: (sql: string) => Row[] | undefined): SyncDriver {
  const prepare = (sql: string): SyncStatement => {
    const statement = database.prepare(sql)
    return {
      all: (parameters: readonly SqlValue[]) => before(sql) ?? (statement.all(...parameters) as Row[]),
      get: (parameters) => before(sql)?.[0] ?? (statement.get(...parameters) as Row | undefined),
      run: (parameters) => {
        if (before(sql) === undefined) statement.run(...parameters)
      },
      finalize: () => undefined,
    }
  }
  return {
    synchronous: true,
    engine: 'an engine of the tests',
    library: 'tests',
    query: (sql, parameters) => before(sql) ?? (database.prepare(sql).all(...parameters) as Row[]),
    prepare,
    close: () => database.close(),
  }
}
