import type { AsyncDriver, SyncDriver } from '@go-go-scope/persistence-core'

/** Makes a driver that answers in a later turn and awaits `before` ahead of each query. */
export function inAnotherThread(
  driver: SyncDriver,
  before: (sql: string) => Promise<void> = async () => {},
): AsyncDriver {
  return {
    synchronous: false,
    engine: driver.engine,
    library: driver.library,
    async query(sql, parameters) {
      await before(sql)
      return driver.query(sql, parameters)
    },
    async prepare(sql) {
      const statement = driver.prepare(sql)
      return { all: async (parameters) => statement.all(parameters), finalize: async () => statement.finalize() }
    },
    close: async () => driver.close(),
  }
}
