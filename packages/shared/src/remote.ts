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
import {
  connectToOwner,
  DEFAULT_CONNECT_TIMEOUT_MS,
  type RemoteDatabase,
  withInheritedOptions,
} from './remote/client/connect-remote.js'
import { RemoteLockManager } from './remote/client/remote-locks.js'
import type { RemoteOwner } from './remote/client/remote-owner.js'
import type { Peer } from './remote/wire/peer.js'

export type { ServedUser } from './connection/served-users.js'
export type { RemoteDatabase } from './remote/client/connect-remote.js'
export { type PersistenceServer, serve, type TransferablePort } from './remote/owner/serve.js'
export type { Peer } from './remote/wire/peer.js'

/** {@link AdapterOptions} without those that the owner of the database sets for all of its users. */
export interface RemoteOptions extends Omit<AdapterOptions, 'busyTimeout'> {
  /** ms to wait for an answer of the owner. Default 10000. */
  connectTimeout?: number | undefined
}

type OpenRemoteOptions = Pick<RemoteOptions, 'connectTimeout' | 'clock'>

const { busyTimeout: _, ...OWN_OPTIONS } = ADAPTER_OPTIONS
const REMOTE_OPTIONS: OptionNames<RemoteOptions> = { ...OWN_OPTIONS, connectTimeout: true }
const OPEN_REMOTE_OPTIONS: OptionNames<OpenRemoteOptions> = { connectTimeout: true, clock: true }

/** All five providers over a database that another thread or process owns. */
export class SQLiteAdapter extends SqliteAdapter {
  readonly #owner: RemoteOwner

  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(database: RemoteDatabase, options?: AdapterOptions) {
    const { owner, options: all } = withInheritedOptions(database, givenOptions(options, ADAPTER_OPTIONS))
    super(owner, () => owner, all, undefined, remoteDialect(owner))
    this.#owner = owner
  }

  /** Whether the adapter is connected, and the owner of the database can be reached. */
  override isConnected(): boolean {
    return super.isConnected() && this.#owner.gone === undefined
  }

  /** @throws PersistenceError `INVALID_ARGUMENT`: the owner of the database makes its backups. */
  override async backup(): Promise<never> {
    throw invalidArgument('backup', 'call backup of the adapter of the owner')
  }
}

/** The idempotency port alone. */
export class SQLiteIdempotencyAdapter extends SqlIdempotencyAdapter {
  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(database: RemoteDatabase, options?: AdapterOptions) {
    const { owner, options: all } = withInheritedOptions(database, givenOptions(options, ADAPTER_OPTIONS))
    super(owner, () => owner, sqliteDialect, all)
  }
}

/** The cache port alone, in the table `tableName` where that is given. */
export class SQLiteCacheAdapter extends SqlCacheAdapter {
  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(database: RemoteDatabase, options?: CacheAdapterOptions) {
    const { owner, options: all } = withInheritedOptions(database, givenOptions(options, CACHE_ADAPTER_OPTIONS))
    super(owner, () => owner, sqliteDialect, all)
  }
}

/**
 * Connects to a database that another thread or process owns and serves, so that several adapters can share the connection.
 *
 * @param peer A port of `createPort()`, `parentPort` of an attached worker, or `process` of an attached process.
 * @returns the database, to be passed to the constructors of adapters.
 * @throws PersistenceError `DISCONNECTED` when no owner answers within `connectTimeout` or the earlier connection of `peer` is
 *   still closing, `VERSION_MISMATCH`, `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export async function openRemote(
  peer: Peer,
  options?: Pick<RemoteOptions, 'connectTimeout' | 'clock'>,
): Promise<RemoteDatabase> {
  const { connectTimeout = DEFAULT_CONNECT_TIMEOUT_MS, ...own } = givenOptions(options, OPEN_REMOTE_OPTIONS)
  const { clock } = resolveOptions(own)
  return connectToOwner(peer, { operation: 'openRemote', schema: SCHEMA_VERSION, clock, timeout: connectTimeout })
}

/**
 * Connects an adapter to a database that another thread or process owns and serves. Options default to those of the owner's
 * adapter; where the owner's adapter has a codec, pass the same codec here.
 *
 * @param peer A port of `createPort()`, `parentPort` of an attached worker, or `process` of an attached process.
 * @throws PersistenceError `DISCONNECTED` when no owner answers within `connectTimeout` or the earlier connection of `peer` is
 *   still closing, `VERSION_MISMATCH`, `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export async function connectRemote(peer: Peer, options?: RemoteOptions): Promise<SQLiteAdapter> {
  const { connectTimeout = DEFAULT_CONNECT_TIMEOUT_MS, ...own } = givenOptions(options, REMOTE_OPTIONS)
  const { clock } = resolveOptions(own)
  const reach = { operation: 'connectRemote', schema: SCHEMA_VERSION, clock, timeout: connectTimeout }
  const database = await connectToOwner(peer, reach)
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
