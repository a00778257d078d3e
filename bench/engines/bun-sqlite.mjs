import { Database } from 'bun:sqlite'
import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-bun'

/** `bun:sqlite`: synchronous. */
export const engine = {
  synchronous: true,
  Adapter: SQLiteAdapter,
  openAdapter: (path, options, Adapter = SQLiteAdapter) => Adapter.open(path, options),
  follow: Standby.follow,
  open: async (path) => new Database(path, { create: true, readwrite: true }),
  exec: async (database, sql) => database.exec(sql),
  version: async () => new Database(':memory:').prepare('SELECT sqlite_version() AS version').get().version,
}
