import { Database } from 'bun:sqlite'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-bun'
import { sqliteDatabase } from './sqlite-database.mjs'

export { SQLiteAdapter }

/** @type {import('./engine.mjs').OpenEngine} */
export async function open(path) {
  const handle = new Database(path)
  return {
    name: 'bun:sqlite',
    ...sqliteDatabase,
    rows: async (sql, parameters = []) => {
      const statement = handle.prepare(sql)
      try {
        return /** @type {import('./engine.mjs').Row[]} */ (statement.all(...parameters))
      } finally {
        statement.finalize()
      }
    },
    adapter: () => new SQLiteAdapter(handle),
    close: async () => handle.close(true),
  }
}
