import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { sqliteDatabase } from './sqlite-database.mjs'

// Node has a SQLite of its own from 22.13 on; for older ones there is a package with the same class.
const { DatabaseSync, name } = await loadDatabaseSync()

export { SQLiteAdapter }

/** @type {import('./engine.mjs').OpenEngine} */
export async function open(path) {
  const handle = new DatabaseSync(path)
  return {
    name,
    ...sqliteDatabase,
    rows: async (sql, parameters = []) =>
      /** @type {import('./engine.mjs').Row[]} */ (handle.prepare(sql).all(...parameters)),
    adapter: () => new SQLiteAdapter(handle),
    close: async () => handle.close(),
  }
}

/** @returns {Promise<{ DatabaseSync: typeof import('node:sqlite').DatabaseSync, name: string }>} */
async function loadDatabaseSync() {
  try {
    const { DatabaseSync } = await import('node:sqlite')
    return { DatabaseSync, name: 'node:sqlite' }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw error
    const { DatabaseSync } = /** @type {any} */ (await import('@photostructure/sqlite'))
    return { DatabaseSync, name: '@photostructure/sqlite' }
  }
}
