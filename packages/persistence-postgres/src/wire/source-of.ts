import { PersistenceError, readArgument } from '@go-go-scope/persistence-core/dialect'
import { type BunSqlLike, bunSql } from './bun-sql.js'
import { type PgPoolLike, pgClient, pgPool } from './pg.js'
import type { PgClientLike } from './pg-wire.js'
import { type PgliteLike, pglite } from './pglite.js'
import { postgresJs } from './postgres-js.js'
import type { PostgresJsLike } from './reservations.js'
import type { Source } from './wire.js'

/** The handles of a constructor: a pool or a connected client of `pg`, an `sql` of `postgres`, a `Bun.SQL`, a `PGlite`. */
export type PostgresHandle = PgPoolLike | PgClientLike | PostgresJsLike | BunSqlLike | PgliteLike

/** The handle for connections that `open` makes itself. */
export class OwnConnections {
  readonly source: Source

  constructor(source: Source) {
    this.source = source
  }
}

/** Returns the connections of a handle. @throws PersistenceError `INVALID_ARGUMENT`. */
export function sourceOf(handle: PostgresHandle | OwnConnections): Source {
  if (handle instanceof OwnConnections) return handle.source
  // Each library is recognized by members that only it has. The handles of postgres.js and Bun are functions.
  if (has(handle, ['reserve', 'unsafe', 'end', 'commitDistributed'])) return bunSql(handle as BunSqlLike)
  if (has(handle, ['reserve', 'unsafe', 'end'])) return postgresJs(handle as PostgresJsLike)
  if (isPglite(handle)) return pglite(handle)
  if (has(handle, ['connect', 'end', 'on', 'query'])) {
    return 'totalCount' in handle ? pgPool(handle as PgPoolLike) : pgClient(handle as PgClientLike)
  }
  throw new PersistenceError(
    'INVALID_ARGUMENT',
    'constructor',
    `constructor: the first argument must be a pool or a connected client of pg, an sql of postgres, a Bun.SQL, or a PGlite, got ${shown(handle)}`,
  )
}

/** Whether the handle is a PGlite, a database inside this process. */
export function isPglite(handle: unknown): handle is PgliteLike {
  return has(handle, ['query', 'transaction', 'close']) && 'waitReady' in handle
}

function has(value: unknown, methods: readonly string[]): value is object {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    readArgument(
      () => methods.every((method) => typeof (value as unknown as Record<string, unknown>)[method] === 'function'),
      'constructor',
      'the first argument',
    )
  )
}

function shown(value: unknown): string {
  if (typeof value === 'string') return 'a string; to connect by URL use PostgresAdapter.open(url)'
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? 'a function' : String(value)
  return has(value, ['then']) ? 'a promise; await it first' : 'another object'
}
