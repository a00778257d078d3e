import { type LoadedEngine, libraryOf, PersistenceError, unloadablePackage } from '@go-go-scope/persistence-core/engine'
import { databaseSyncEngine, databaseSyncLibrary } from './database-sync-driver.js'
import type { DatabaseSyncClass, DatabaseSyncLike } from './handle.js'

/**
 * Returns the engine for `open`: the given class, else `node:sqlite` if the runtime has it, else `@photostructure/sqlite` if it
 * is installed.
 *
 * @throws PersistenceError `INVALID_OPTION` if `given` is not such a class; `ENGINE_MISSING`.
 */
export async function loadEngine(given?: DatabaseSyncClass): Promise<LoadedEngine<DatabaseSyncLike>> {
  if (given !== undefined) checkClass(given)
  const DatabaseSync = given ?? (await importEngine())
  return {
    name: databaseSyncEngine(DatabaseSync.prototype),
    library: databaseSyncLibrary(DatabaseSync.prototype),
    open: (path, readOnly) => new DatabaseSync(path, { readOnly }),
  }
}

/** Checks the methods that the driver checks on handles, so that another engine's class is refused before a file is created. */
function checkClass(given: unknown): void {
  // Through its descriptor, because native prototypes have getters that throw.
  const prototype: unknown = typeof given === 'function' ? given.prototype : undefined
  const methods = typeof prototype === 'object' && prototype !== null ? libraryOf(prototype) : undefined
  if (typeof Object.getOwnPropertyDescriptor(methods ?? {}, 'open')?.value === 'function') return
  const got = typeof given === 'function' ? `the class ${given.name}` : given === null ? 'null' : typeof given
  throw new PersistenceError(
    'INVALID_OPTION',
    'options',
    `options: option DatabaseSync must be the class DatabaseSync of node:sqlite or @photostructure/sqlite, got ${got}`,
  )
}

async function importEngine(): Promise<DatabaseSyncClass> {
  const missing = await importClass('node:sqlite')
  if (typeof missing === 'function') return missing
  const unloadable = await importClass('@photostructure/sqlite')
  if (typeof unloadable === 'function') return unloadable
  throw new PersistenceError(
    'ENGINE_MISSING',
    'open',
    `open: this runtime has no node:sqlite (Node has it from 22.13), and ${unloadablePackage('@photostructure/sqlite', unloadable.cause)}`,
    new AggregateError([missing.cause, unloadable.cause]),
  )
}

/** Returns the class of an engine, or the reason why there is none. */
async function importClass(name: string): Promise<DatabaseSyncClass | { cause: unknown }> {
  try {
    return ((await importModule(name)) as { DatabaseSync: DatabaseSyncClass }).DatabaseSync
  } catch (cause) {
    return { cause }
  }
}

/**
 * Imports the module of an engine. A builtin comes from the process, because webpack replaces an `import()` of a variable by one
 * that finds nothing, and a single executable and Jest without its flag have no `import()`.
 */
export async function importModule(name: string): Promise<unknown> {
  return process.getBuiltinModule?.(name) ?? import(/* webpackIgnore: true */ /* @vite-ignore */ name)
}
