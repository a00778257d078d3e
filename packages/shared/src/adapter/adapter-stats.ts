import { type ServedUser, ServedUsers } from '../connection/served-users.js'
import type { CacheStats } from '../ports/cache.js'
import type { Session } from '../session/session.js'
import type { SqlCacheProvider } from '../stores/cache/cache-provider.js'
import type { StoredLockProvider } from '../stores/lock/sql-lock-provider.js'
import type { Dialect } from './dialect.js'

/** The result of `stats()` of every adapter. Row counts cover the whole database; `cache` covers the adapter's prefix. */
export interface SqlStats {
  /** The package or module of the engine, for example `node:sqlite`. */
  engine: string
  /** Calls of this connection that were not sent to the engine yet. */
  waiting: number
  /** Locks granted in this process under this prefix. Some may have expired. */
  locks: number
  /** Circuits in the database. */
  circuits: number
  /** Checkpoints in the database. */
  checkpoints: number
  /** Stored results in the database. */
  idempotency: number
  /** Hits and misses of this adapter, and the unexpired entries of its prefix. */
  cache: CacheStats
  /** The threads and processes that this database is served to. Absent while it is not served. */
  clients?: ServedUser[]
}

/** See `SqlAdapter.stats`. @throws PersistenceError when the rows cannot be counted. */
export async function readStats(
  session: Session,
  dialect: Dialect,
  locks: StoredLockProvider,
  cache: SqlCacheProvider,
): Promise<SqlStats> {
  const { connection, queue } = session
  const { waiting } = queue
  // Both queries are sent before the first await, so that a disconnect waits for both.
  const counting = queue.execute(dialect.counts, [], (row) => row ?? {})
  const [counts, cacheStats] = await Promise.all([counting, cache.stats()])
  const clients = connection.shared(ServedUsers).list
  return {
    engine: connection.engine,
    ...(await dialect.stats(connection, counts)),
    waiting,
    locks: locks.held,
    circuits: Number(counts.circuits),
    checkpoints: Number(counts.checkpoints),
    idempotency: Number(counts.idempotency),
    cache: cacheStats,
    ...(clients && { clients }),
  }
}
