import { type AdapterOptions, adapterOptions, givenOptions } from '../../../adapter/adapter-options.js'
import { type CacheAdapterOptions, SqlCacheAdapter } from '../../../adapter/sql-cache-adapter.js'
import { SqlIdempotencyAdapter } from '../../../adapter/sql-idempotency-adapter.js'
import type { OptionNames } from '../../../arguments/options.js'
import type { SqlDriver } from '../../../driver/driver.js'
import type { Backup } from '../copies/backup.js'
import type { EngineChoice, FileOptions } from '../copies/engine-choice.js'
import { type Restored, type RestoreOptions, restore } from '../copies/restore.js'
import { verifyBackup } from '../copies/verify-backup.js'
import type { LoadedEngine } from '../engine/loaded-engine.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import { openOwn } from '../thread/own-connection.js'
import type { StartWorker } from '../thread/worker.js'
import { ThreadedHandle } from '../threaded-engine/threaded-handle.js'
import { keepOpener } from './file-access.js'
import { openAdapter } from './open-adapter.js'
import { OPEN_OPTIONS, type OpenOptions } from './open-options.js'
import { SqliteAdapter } from './sqlite-adapter.js'
import { type StandbyClass, standbyClass } from './standby-class.js'
import { threadedOpener } from './threaded-opener.js'

/** The options of `open` that choose the engine of a front end. */
export type EngineOptions<Options extends OpenOptions> = Omit<Options, keyof OpenOptions>

/** The parts that differ between front ends. */
export interface FrontEndDefinition<Handle extends object, Options extends OpenOptions> {
  driver(handle: Handle): SqlDriver
  /** The names of the options that `open` accepts besides those of every front end. */
  readonly options?: OptionNames<EngineOptions<Options>>
  /** The engine that `open` uses. @throws PersistenceError `ENGINE_MISSING`. */
  load(options: Options): Promise<LoadedEngine<Handle>>
  /** Starts the module that calls `serveThread`. Without it there are no backups and no standbys. */
  readonly startWorker?: StartWorker
}

/** The class of an adapter over a `Handle`. */
export interface AdapterClass<Handle extends object, Options extends OpenOptions> {
  /**
   * @param handle An open handle; the adapter closes it unless `closeOnDisconnect` is `false`.
   * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`, `SECOND_COPY`, `ENGINE_UNSUPPORTED`.
   */
  new (handle: Handle, options?: AdapterOptions): SqliteAdapter
  /**
   * Opens a file or `:memory:`, sets WAL mode, durability and permissions, and connects. `:memory:` cannot have `worker: true`.
   *
   * @throws (as a rejection) PersistenceError `CANNOT_OPEN`, `READ_ONLY`, `NOT_A_DATABASE`, `SCHEMA_NEWER`, `SCHEMA_MISSING`,
   *   `FOREIGN_TABLE`, `MOVED`, `SECOND_LIBRARY`, `ENGINE_MISSING`, `ENGINE_UNSUPPORTED`, `INVALID_ARGUMENT` or
   *   `INVALID_OPTION`, with `immutable` also `FILE_IN_USE`; and the errors of any call: `BUSY`, `IO_ERROR`, `DISK_FULL`,
   *   `CORRUPT`.
   *
   * @example
   * ```ts
   * await using persistence = await SQLiteAdapter.open('app.db', { keyPrefix: 'shop:', locks: 'database' })
   * await persistence.cache.set('greeting', 'hello', 60_000)
   * ```
   */
  open(path: string, options?: Options): Promise<SqliteAdapter>
}

/** The class of a cache over a `Handle`. */
export type CacheAdapterClass<Handle extends object> = new (
  handle: Handle,
  options?: CacheAdapterOptions,
) => SqlCacheAdapter

/** The class of the idempotency port over a `Handle`. */
export type IdempotencyAdapterClass<Handle extends object> = new (
  handle: Handle,
  options?: AdapterOptions,
) => SqlIdempotencyAdapter

/** The type of `verifyBackup`, which each front end exports with its documentation. */
export type VerifyBackup<Options> = (path: string, options?: Options & FileOptions) => Promise<Backup>

/** The type of `restore`, which each front end exports with its documentation. */
export type Restore<Options> = (backup: string, target: string, options?: Options & RestoreOptions) => Promise<Restored>

/** The classes and functions of a front end. @typeParam Engine The options of `open` that choose the engine. */
export interface FrontEnd<Handle extends object, Options extends OpenOptions> {
  readonly SQLiteAdapter: AdapterClass<Handle, Options>
  readonly SQLiteCacheAdapter: CacheAdapterClass<Handle>
  readonly SQLiteIdempotencyAdapter: IdempotencyAdapterClass<Handle>
  readonly verifyBackup: VerifyBackup<EngineOptions<Options>>
  readonly restore: Restore<EngineOptions<Options>>
  readonly Standby: StandbyClass<Options>
}

// A tool can wait longer for a writer than an app.
const TOOL_BUSY_TIMEOUT_MS = 10_000

/** Creates the classes of a front end. Front ends differ only in their engines. */
export function defineFrontEnd<Handle extends object, Options extends OpenOptions>(
  definition: FrontEndDefinition<Handle, Options>,
): FrontEnd<Handle, Options> {
  const openOptions = { ...OPEN_OPTIONS, ...definition.options } as OptionNames<Options>
  const driverOf = (handle: Handle): SqlDriver => ThreadedHandle.read(handle)?.driver ?? definition.driver(handle)

  class SQLiteAdapter extends SqliteAdapter {
    constructor(handle: Handle, options?: AdapterOptions) {
      const startWorker = ThreadedHandle.read(handle)?.startWorker ?? definition.startWorker
      super(handle, () => driverOf(handle), options, startWorker)
    }

    static async open(path: string, options?: Options): Promise<SqliteAdapter> {
      const given = givenOptions(options, openOptions)
      const load = () => definition.load(given)
      const adapter = (handle: object) => new SQLiteAdapter(handle as Handle, adapterOptions(given))
      if (given.worker === undefined || given.worker === false) {
        return openAdapter(path, given, { load, driver: driverOf, adapter })
      }
      const { startWorker } = definition
      return openAdapter(path, given, threadedOpener({ options: given, startWorker, load, adapter }))
    }
  }

  keepOpener(SQLiteAdapter, async (path, readOnly) => {
    const engine = await definition.load({} as Options)
    const driver = (handle: object) => definition.driver(handle as Handle)
    return openOwn(path, { ...engine, driver }, { readOnly, busyTimeout: TOOL_BUSY_TIMEOUT_MS })
  })

  class SQLiteCacheAdapter extends SqlCacheAdapter {
    constructor(handle: Handle, options?: CacheAdapterOptions) {
      super(handle, () => driverOf(handle), sqliteDialect, options)
    }
  }

  class SQLiteIdempotencyAdapter extends SqlIdempotencyAdapter {
    constructor(handle: Handle, options?: AdapterOptions) {
      super(handle, () => driverOf(handle), sqliteDialect, options)
    }
  }

  const choice: EngineChoice<EngineOptions<Options>> = {
    names: definition.options ?? ({} as OptionNames<EngineOptions<Options>>),
    engine: async (options) => (await definition.load(options as Options)).name,
    startWorker: definition.startWorker,
  }

  return {
    SQLiteAdapter,
    SQLiteCacheAdapter,
    SQLiteIdempotencyAdapter,
    Standby: standbyClass(definition, openOptions, SQLiteAdapter),
    verifyBackup: (path, options) => verifyBackup(choice, path, options),
    restore: (backup, target, options) => restore(choice, backup, target, options),
  }
}
