/** Serving an adapter to other threads and processes, and using one that is served. Loads no engine. */
import { ADAPTER_OPTIONS, type AdapterOptions, givenOptions, resolveOptions } from './adapter/adapter-options.js'
import type { Dialect } from './adapter/dialect.js'
import { CACHE_ADAPTER_OPTIONS, type CacheAdapterOptions, SqlCacheAdapter } from './adapter/sql-cache-adapter.js'
import { SqlIdempotencyAdapter } from './adapter/sql-idempotency-adapter.js'
import { invalidArgument } from './arguments/invalid.js'
import type { OptionNames } from './arguments/options.js'
import { SqliteAdapter } from './dialects/sqlite/front-end/sqlite-adapter.js'
import { SCHEMA_VERSION } from './dialects/sqlite/schema/migrations.js'
import { sqliteDialect } from './dialects/sqlite/sqlite-dialect.js'
import { DEFAULT_CONNECT_TIMEOUT_MS, inherited, type RemoteDatabase, reachOwner } from './remote/connect-remote.js'
import type { Peer } from './remote/peer.js'
import { RemoteLockManager } from './remote/remote-locks.js'
import type { RemoteOwner } from './remote/remote-owner.js'
import { systemClock } from './time/clock.js'

export type { ServedUser } from './connection/served-users.js'
export type { RemoteDatabase } from './remote/connect-remote.js'
export type { Peer } from './remote/peer.js'
export { type PersistenceServer, serve, type TransferablePort } from './remote/serve.js'

/** {@link AdapterOptions} without what the owner of the database decides for all. */
export interface RemoteOptions extends Omit<AdapterOptions, 'busyTimeout'> {
  /** How long to wait for the owner to answer, in ms. Default 10000. */
  connectTimeout?: number
}

const { busyTimeout: _, ...OWN_OPTIONS } = ADAPTER_OPTIONS
const REMOTE_OPTIONS: OptionNames<RemoteOptions> = { ...OWN_OPTIONS, connectTimeout: true }

/** All five providers over a database that another thread or process owns. */
export class SQLiteAdapter extends SqliteAdapter {
  readonly #owner: RemoteOwner

  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(database: RemoteDatabase, options?: AdapterOptions) {
    const { owner, options: all } = inherited(database, givenOptions(options, ADAPTER_OPTIONS))
    super(owner, () => owner, all, undefined, remoteDialect(owner))
    this.#owner = owner
  }

  /** Also whether the owner of the database is there. */
  override isConnected(): boolean {
    return super.isConnected() && this.#owner.gone === undefined
  }

  /** @throws PersistenceError `INVALID_ARGUMENT`: the owner of the database makes its backups. */
  override async backup(): Promise<never> {
    throw invalidArgument(
      'backup',
      'the owner of the database makes its backups; call backup of the adapter that it serves',
    )
  }
}

/** The idempotency port alone. */
export class SQLiteIdempotencyAdapter extends SqlIdempotencyAdapter {
  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(database: RemoteDatabase, options?: AdapterOptions) {
    const { owner, options: all } = inherited(database, givenOptions(options, ADAPTER_OPTIONS))
    super(owner, () => owner, sqliteDialect, all)
  }
}

/** The cache port alone, in a table of its own where `tableName` is given. */
export class SQLiteCacheAdapter extends SqlCacheAdapter {
  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(database: RemoteDatabase, options?: CacheAdapterOptions) {
    const { owner, options: all } = inherited(database, givenOptions(options, CACHE_ADAPTER_OPTIONS))
    super(owner, () => owner, sqliteDialect, all)
  }
}

/**
 * Reaches a database that another thread or process owns and serves: for several adapters on one connection.
 *
 * @param peer A port of `createPort()`, `parentPort` of an attached worker, or `process` of an attached process.
 * @throws PersistenceError `DISCONNECTED` when nobody answers within `connectTimeout`, `VERSION_MISMATCH`,
 *   `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export async function openRemote(
  peer: Peer,
  {
    connectTimeout = DEFAULT_CONNECT_TIMEOUT_MS,
    clock = systemClock,
  }: Pick<RemoteOptions, 'connectTimeout' | 'clock'> = {},
): Promise<RemoteDatabase> {
  return reachOwner(peer, SCHEMA_VERSION, clock, connectTimeout)
}

/**
 * An adapter over a database that another thread or process owns and serves, connected. It has the options of the owner's
 * adapter unless it is given others; a codec must be given to both.
 *
 * @param peer As {@link openRemote}'s.
 * @throws PersistenceError as {@link openRemote}.
 */
export async function connectRemote(peer: Peer, options?: RemoteOptions): Promise<SQLiteAdapter> {
  const { connectTimeout, ...own } = givenOptions(options, REMOTE_OPTIONS)
  const { clock } = resolveOptions(own)
  const database = await openRemote(peer, { clock, ...(connectTimeout !== undefined && { connectTimeout }) })
  try {
    const adapter = new SQLiteAdapter(database, own)
    await adapter.connect()
    return adapter
  } catch (error) {
    await database.close()
    throw error
  }
}

function remoteDialect(owner: RemoteOwner): Dialect {
  return { ...sqliteDialect, locksInMemory: (session) => new RemoteLockManager(session, owner) }
}
