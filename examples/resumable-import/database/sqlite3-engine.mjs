import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import sqlite3 from 'sqlite3'
import { sqliteDatabase } from './sqlite-database.mjs'

export { SQLiteAdapter }

/** @type {import('./engine.mjs').OpenEngine} */
export async function open(path) {
  /** @type {sqlite3.Database} */
  const handle = await new Promise((resolve, reject) => {
    const database = new sqlite3.Database(path, (error) => (error ? reject(error) : resolve(database)))
  })
  return {
    name: `sqlite3 ${sqlite3.VERSION}`,
    ...sqliteDatabase,
    rows: (sql, parameters = []) =>
      new Promise((resolve, reject) => {
        handle.all(sql, parameters, (error, /** @type {import('./engine.mjs').Row[]} */ rows) =>
          error ? reject(error) : resolve(rows),
        )
      }),
    adapter: () => new SQLiteAdapter(handle),
    close: () =>
      new Promise((resolve, reject) => {
        handle.close((error) => (error ? reject(error) : resolve()))
      }),
  }
}
