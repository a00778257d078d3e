import { Database } from 'bun:sqlite'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-bun'
import type { Engine, Row } from './engine.ts'
import { sqliteDatabase } from './sqlite-database.ts'

export { SQLiteAdapter }

export async function open(path: string): Promise<Engine> {
  const handle = new Database(path)
  return {
    name: 'bun:sqlite',
    ...sqliteDatabase,
    rows: async (sql, parameters = []) => {
      const statement = handle.prepare(sql)
      try {
        return statement.all(...parameters) as Row[]
      } finally {
        statement.finalize()
      }
    },
    adapter: () => new SQLiteAdapter(handle),
    close: async () => handle.close(true),
  }
}
