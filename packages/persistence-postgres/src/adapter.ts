import { SqlAdapter, SqlCacheAdapter, SqlIdempotencyAdapter } from '@go-go-scope/persistence-core/dialect'
import { driverOf } from './driver-of.js'
import { openPostgres } from './open.js'
import {
  type PostgresCacheOptions,
  type PostgresOpenOptions,
  type PostgresOptions,
  resolved,
  resolvedCache,
} from './options.js'
import { postgresDialect } from './postgres-dialect.js'
import type { Durability } from './postgres-place.js'
import type { PostgresStats } from './postgres-stats.js'
import { isPglite, type PostgresHandle, sourceOf } from './wire/source-of.js'

/**
 * All five providers over PostgreSQL, shared by all processes on all hosts that use the same database.
 *
 * Adapters on one handle share one connection, which runs their statements in order.
 */
export class PostgresAdapter extends SqlAdapter {
  /**
   * @param handle A pool, client or instance. The last adapter on it ends it, unless `closeOnDisconnect` is `false`.
   * @throws PersistenceError `INVALID_OPTION`, `INVALID_ARGUMENT`, `SECOND_COPY`.
   */
  constructor(handle: PostgresHandle, options?: PostgresOptions) {
    const given = resolved(options, usualDurability(handle))
    super(
      handle,
      () => driverOf(sourceOf(handle), given),
      postgresDialect(given.schema, given.durability),
      given.options,
    )
  }

  /**
   * Connects to a server and creates missing tables.
   *
   * @param url `postgres://user:password@host:port/database`; or, with PGlite, `memory:` for a database in this process that
   *   ends with the adapter, and `pglite:./folder` for one that is kept on disk.
   * @throws PersistenceError when the server cannot be reached or cannot keep the promises. The message says what to do.
   */
  static open(url: string, options?: PostgresOpenOptions): Promise<PostgresAdapter> {
    return openPostgres(url, options, (handle, given) => new this(handle, given))
  }

  override stats(): Promise<PostgresStats> {
    // The dialect adds the fields that SqlStats lacks.
    return super.stats() as Promise<PostgresStats>
  }
}

/** Only the idempotency port. */
export class PostgresIdempotencyAdapter extends SqlIdempotencyAdapter {
  /** As {@link PostgresAdapter}'s. */
  constructor(handle: PostgresHandle, options?: PostgresOptions) {
    const given = resolved(options, usualDurability(handle))
    super(
      handle,
      () => driverOf(sourceOf(handle), given),
      postgresDialect(given.schema, given.durability),
      given.options,
    )
  }
}

/** Only the cache port. With `tableName` it has a table of its own. */
export class PostgresCacheAdapter extends SqlCacheAdapter {
  /** As {@link PostgresAdapter}'s. */
  constructor(handle: PostgresHandle, options?: PostgresCacheOptions) {
    const given = resolvedCache(options, usualDurability(handle))
    super(
      handle,
      () => driverOf(sourceOf(handle), given),
      postgresDialect(given.schema, given.durability),
      given.options,
    )
  }
}

/** The default durability. PGlite flushes nothing, so the default `power` would refuse every adapter over it. */
function usualDurability(handle: PostgresHandle): Durability {
  return isPglite(handle) ? 'process' : 'power'
}
