import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import sqlite3 from 'sqlite3'
import type { Engine, Row } from './engine.ts'
import { sqliteDatabase } from './sqlite-database.ts'

export { SQLiteAdapter }

export async function open(path: string): Promise<Engine> {
  const handle = await new Promise<sqlite3.Database>((resolve, reject) => {
    const database = new sqlite3.Database(path, (error) => (error ? reject(error) : resolve(database)))
  })
  return {
    name: `sqlite3 ${sqlite3.VERSION}`,
    ...sqliteDatabase,
    rows: (sql, parameters = []) =>
      new Promise((resolve, reject) => {
        handle.all(sql, parameters, (error, rows: Row[]) => (error ? reject(error) : resolve(rows)))
      }),
    adapter: () => new SQLiteAdapter(handle),
    close: () =>
      new Promise((resolve, reject) => {
        handle.close((error) => (error ? reject(error) : resolve()))
      }),
  }
}
