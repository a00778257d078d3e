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
 * All five providers over PostgreSQL, for every process of every host that uses the same database.
 *
 * Adapters on one handle share an ordered connection.
 */
export class PostgresAdapter extends SqlAdapter {
  /**
   * @param handle A pool, client or instance, which the last adapter on it ends unless `closeOnDisconnect` is `false`.
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
   * Connects to a server, and makes the tables where they are missing.
   *
   * @param url `postgres://user:password@host:port/database`; or, with PGlite, `memory:` for a database in this process,
   *   which ends with the adapter, and `pglite:./folder` for one that is kept.
   * @throws PersistenceError when the server cannot be reached or cannot keep the promises, with what to do.
   */
  static open(url: string, options?: PostgresOpenOptions): Promise<PostgresAdapter> {
    return openPostgres(url, options, (handle, given) => new this(handle, given))
  }

  override stats(): Promise<PostgresStats> {
    // What the dialect adds to the counts is the rest of the type.
    return super.stats() as Promise<PostgresStats>
  }
}

/** The idempotency port alone. */
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

/** The cache port alone, in a table of its own where `tableName` is given. */
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

/** PGlite flushes nothing: a default that it cannot keep would refuse every adapter over it. */
function usualDurability(handle: PostgresHandle): Durability {
  return isPglite(handle) ? 'process' : 'power'
}
