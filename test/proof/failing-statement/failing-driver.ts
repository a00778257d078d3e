import type { AsyncDriver, SqlDriver, SqlValue, SyncDriver } from '@go-go-scope/persistence-core'
import type { Fault, FaultPlan } from './fault-plan.js'

/** Returns a driver whose statements fail as `plan` says, with the errors of its engine; the others run. */
export function failingDriver(driver: SqlDriver, plan: FaultPlan): SqlDriver {
  return driver.synchronous ? failingSyncDriver(driver, plan) : failingAsyncDriver(driver, plan)
}

/** The error as the engine would raise it. */
function errorOf(engine: string, { number, symbol, message }: Fault): Error {
  if (engine === 'sqlite3') {
    // This engine reports only the primary code.
    const primary = symbol.split('_').slice(0, 2).join('_')
    return Object.assign(new Error(`${primary}: ${message}`), { code: primary, errno: number & 0xff })
  }
  if (engine === 'bun:sqlite') return Object.assign(new Error(message), { code: symbol, errno: number })
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode: number, errstr: message })
}

function failingSyncDriver(driver: SyncDriver, plan: FaultPlan): SyncDriver {
  const check = (sql: string) => {
    const fault = plan.next(sql)
    if (fault === undefined) return
    if (fault.rollsBack) rollBack(driver)
    throw errorOf(driver.engine, fault)
  }
  return {
    synchronous: true,
    engine: driver.engine,
    library: driver.library,
    keepsFileOpen: driver.keepsFileOpen ?? false,
    query(sql, parameters) {
      check(sql)
      return driver.query(sql, parameters)
    },
    prepare(sql) {
      const statement = driver.prepare(sql)
      const checked =
        <Result>(run: (parameters: readonly SqlValue[]) => Result) =>
        (parameters: readonly SqlValue[]): Result => {
          check(sql)
          return run(parameters)
        }
      return {
        all: checked((parameters) => statement.all(parameters)),
        get: checked((parameters) => statement.get(parameters)),
        run: checked((parameters) => statement.run(parameters)),
        finalize: () => statement.finalize(),
      }
    },
    close: () => driver.close(),
  }
}

function rollBack(driver: SyncDriver): void {
  try {
    driver.query('ROLLBACK', [])
  } catch {
    // There was no transaction.
  }
}

function failingAsyncDriver(driver: AsyncDriver, plan: FaultPlan): AsyncDriver {
  const check = async (sql: string) => {
    const fault = plan.next(sql)
    if (fault === undefined) return
    // Fails if there is no transaction.
    if (fault.rollsBack) await driver.query('ROLLBACK', []).catch(() => undefined)
    throw errorOf(driver.engine, fault)
  }
  return {
    synchronous: false,
    engine: driver.engine,
    library: driver.library,
    async query(sql, parameters) {
      await check(sql)
      return driver.query(sql, parameters)
    },
    async prepare(sql) {
      const statement = await driver.prepare(sql)
      return {
        async all(parameters) {
          await check(sql)
          return statement.all(parameters)
        },
        finalize: () => statement.finalize(),
      }
    },
    close: () => driver.close(),
  }
}
