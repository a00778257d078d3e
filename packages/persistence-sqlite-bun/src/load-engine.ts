import { type LoadedEngine, PersistenceError } from '@go-go-scope/persistence-core/engine'
import { BUN_LIBRARY } from './bun-driver.js'
import type { BunDatabase } from './handle.js'

interface BunSqliteModule {
  Database: new (
    path: string,
    options: { readwrite: boolean } | number,
  ) => BunDatabase & { fileControl(operation: number, value: number): unknown }
  constants: { SQLITE_OPEN_READONLY: number; SQLITE_OPEN_URI: number; SQLITE_FCNTL_PERSIST_WAL: number }
}

/** Loads `bun:sqlite` lazily, so that on another runtime this package can be imported and reports what is missing. */
export async function loadEngine(): Promise<LoadedEngine<BunDatabase>> {
  const { Database, constants } = await importEngine()
  // Flags, because with the option `readonly` a URI cannot be opened.
  const readFlags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI
  return {
    name: 'bun:sqlite',
    library: BUN_LIBRARY,
    open(path, readOnly) {
      const database = new Database(path, readOnly ? readFlags : { readwrite: true })
      // On macOS, Bun uses the SQLite of the system, which otherwise leaves the WAL when the last connection closes the file. Then
      // a restore would be refused, because nobody can tell whether that WAL belongs to the file.
      database.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 0)
      return database
    },
  }
}

async function importEngine(): Promise<BunSqliteModule> {
  try {
    const name: string = 'bun:sqlite'
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as BunSqliteModule
  } catch (cause) {
    throw new PersistenceError(
      'ENGINE_MISSING',
      'open',
      'open: bun:sqlite is part of Bun; on Node use @go-go-scope/persistence-sqlite or @go-go-scope/persistence-sqlite-node',
      cause,
    )
  }
}
