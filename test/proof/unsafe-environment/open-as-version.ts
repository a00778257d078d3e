import { type DiagnosticEvent, defineFrontEnd, type OpenOptions, type SqlDriver } from '@go-go-scope/persistence-core'
import { engine } from '../../cells/cell.js'
import { driverOf } from '../failing-statement/driver-of.js'

/** Opens a database on the cell's engine, which claims to be SQLite `version`, and returns the diagnostics. */
export async function openAsVersion(path: string, version: string): Promise<DiagnosticEvent[]> {
  const events: DiagnosticEvent[] = []
  const { SQLiteAdapter } = defineFrontEnd<object, OpenOptions>({
    driver: (handle) => sayingVersion(driverOf(handle as never), version),
    load: async () => ({ name: engine.name, library: engine.name, open: () => engine.openHandle(path) }),
  })
  const adapter = await SQLiteAdapter.open(path, { onDiagnostic: (event) => events.push(event) })
  await adapter.disconnect()
  return events
}

function sayingVersion(driver: SqlDriver, version: string): SqlDriver {
  const rows = [{ version }]
  return new Proxy(driver, {
    get(target, property) {
      // `load` identifies the library by the same name.
      if (property === 'library') return engine.name
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (property !== 'query') return value.bind(target)
      return (sql: string, parameters: []) => {
        if (!sql.includes('sqlite_version()')) return target.query(sql, parameters)
        return target.synchronous ? rows : Promise.resolve(rows)
      }
    },
  })
}
