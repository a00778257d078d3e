import { type LoadedEngine, libraryOf, PersistenceError, unloadablePackage } from '@go-go-scope/persistence-core/engine'
import type { Sqlite3Database } from './handle.js'

interface Sqlite3Module {
  Database: (new (
    path: string,
    mode: number,
    callback: (error: Error | null) => void,
  ) => Sqlite3Database) & {
    prototype: object
  }
  OPEN_READONLY: number
  OPEN_READWRITE: number
  OPEN_URI: number
}

/** Loads the app's own copy of `sqlite3`. Only `open` needs it; an adapter on the app's handle does not. */
export async function loadEngine(): Promise<LoadedEngine<Sqlite3Database>> {
  const { Database, OPEN_READONLY, OPEN_READWRITE, OPEN_URI } = await importEngine()
  return {
    name: 'sqlite3',
    library: libraryOf(Database.prototype),
    open: (path, readOnly) =>
      new Promise((resolve, reject) => {
        const database = new Database(path, readOnly ? OPEN_READONLY | OPEN_URI : OPEN_READWRITE, (error) =>
          error ? reject(error) : resolve(database),
        )
      }),
  }
}

async function importEngine(): Promise<Sqlite3Module> {
  try {
    // Not a literal, because the compiler must not look for the types of a package that may be absent.
    const name: string = 'sqlite3'
    return ((await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as { default: Sqlite3Module }).default
  } catch (cause) {
    throw new PersistenceError('ENGINE_MISSING', 'open', `open: ${unloadablePackage('sqlite3', cause)}`, cause)
  }
}
