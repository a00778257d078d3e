import { type Engine, PersistenceError } from '@go-go-scope/persistence-sqlite-core'
import { databaseSyncLibrary } from './database-sync-driver.js'
import type { DatabaseSyncClass, DatabaseSyncLike } from './handle.js'

/**
 * The engine that `open` uses: the class it is given, else `node:sqlite` where the runtime has it, else
 * `@photostructure/sqlite` where it is installed.
 */
export async function loadEngine(given?: DatabaseSyncClass): Promise<Engine<DatabaseSyncLike>> {
  const DatabaseSync = given ?? (await importFirst(['node:sqlite', '@photostructure/sqlite']))
  return {
    name: 'DatabaseSync',
    library: databaseSyncLibrary(DatabaseSync.prototype),
    open: (path, readOnly) => new DatabaseSync(path, { readOnly }),
  }
}

async function importFirst(names: readonly string[]): Promise<DatabaseSyncClass> {
  const causes: unknown[] = []
  for (const name of names) {
    try {
      return ((await import(name)) as { DatabaseSync: DatabaseSyncClass }).DatabaseSync
    } catch (cause) {
      causes.push(cause)
    }
  }
  throw new PersistenceError(
    'ENGINE_MISSING',
    'open',
    'open: this runtime has no node:sqlite (Node has it from 22.13) and @photostructure/sqlite cannot be loaded; run npm install @photostructure/sqlite',
    new AggregateError(causes),
  )
}
