import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import type { Engine, Row } from './engine.ts'
import { sqliteDatabase } from './sqlite-database.ts'

interface Library {
  DatabaseSync: typeof import('node:sqlite').DatabaseSync
  name: string
}

// Node has its own SQLite from 22.13 on. For older versions there is a package with the same class.
const { DatabaseSync, name } = await loadDatabaseSync()

export { SQLiteAdapter }

export async function open(path: string): Promise<Engine> {
  const handle = new DatabaseSync(path)
  return {
    name,
    ...sqliteDatabase,
    rows: async (sql, parameters = []) => handle.prepare(sql).all(...parameters) as Row[],
    adapter: () => new SQLiteAdapter(handle),
    close: async () => handle.close(),
  }
}

async function loadDatabaseSync(): Promise<Library> {
  try {
    const { DatabaseSync } = await import('node:sqlite')
    return { DatabaseSync, name: 'node:sqlite' }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw error
    const { DatabaseSync } = await import('@photostructure/sqlite')
    return { DatabaseSync: DatabaseSync as unknown as Library['DatabaseSync'], name: '@photostructure/sqlite' }
  }
}
