import { stat } from 'node:fs/promises'
import type { CacheStats } from '../ports/cache.js'
import type { Session } from '../session/session.js'
import type { SqlCacheProvider } from '../stores/cache/cache-store.js'

/** What `adapter.stats()` answers. Sizes are bytes; rows are those of the whole file, `cache` is this prefix's. */
export interface AdapterStats {
  /** As its package or module is named, for example `node:sqlite`. */
  engine: string
  sqliteVersion: string
  /** The database file; empty for a database in memory. */
  file: string
  fileBytes: number
  /** Bytes of the write-ahead log; 0 where there is none. */
  walBytes: number
  /** Calls that wait on this connection now. */
  waiting: number
  /** Locks granted in this process under this prefix, some of which may have expired. */
  locks: number
  circuits: number
  checkpoints: number
  idempotency: number
  cache: CacheStats
}

const COUNTS = `SELECT
  (SELECT count(*) FROM go_goscope_circuit) AS circuits,
  (SELECT count(*) FROM go_goscope_checkpoints) AS checkpoints,
  (SELECT count(*) FROM go_goscope_idempotency) AS idempotency,
  (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size()) AS bytes`

export async function readStats(session: Session, cache: SqlCacheProvider): Promise<AdapterStats> {
  const { connection, queue, locks } = session
  const waiting = queue.waiting
  // Both asked now, so that a disconnect meanwhile waits for both.
  const [[counts], cacheStats] = await Promise.all([queue.query('stats', COUNTS), cache.stats()])
  return {
    engine: connection.engine,
    sqliteVersion: connection.sqliteVersion,
    file: connection.file,
    fileBytes: Number(counts?.bytes),
    walBytes: connection.file === '' ? 0 : await size(`${connection.file}-wal`),
    waiting,
    locks: locks.size,
    circuits: Number(counts?.circuits),
    checkpoints: Number(counts?.checkpoints),
    idempotency: Number(counts?.idempotency),
    cache: cacheStats,
  }
}

// By stat, never by opening: closing a descriptor of the file would drop the locks SQLite holds on it.
async function size(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
