import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite'
import sqlite3 from 'sqlite3'

/** The npm package `sqlite3`: asynchronous, works in a pool thread. */
export const engine = {
  synchronous: false,
  Adapter: SQLiteAdapter,
  openAdapter: SQLiteAdapter.open,
  follow: Standby.follow,

  /**
   * @param {string} path
   * @returns {Promise<sqlite3.Database>}
   */
  open: (path) =>
    new Promise((resolve, reject) => {
      const database = new sqlite3.Database(path, (error) => (error ? reject(error) : resolve(database)))
    }),

  /**
   * @param {sqlite3.Database} database
   * @param {string} sql
   * @returns {Promise<void>}
   */
  exec: (database, sql) =>
    new Promise((resolve, reject) => {
      database.exec(sql, (error) => (error ? reject(error) : resolve()))
    }),

  async version() {
    const database = await engine.open(':memory:')
    return new Promise((resolve, reject) => {
      database.get('SELECT sqlite_version() AS version', (error, row) => (error ? reject(error) : resolve(row.version)))
    })
  },
}
