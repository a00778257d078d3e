import { stat } from 'node:fs/promises'
import type { SqlStats } from '../../adapter/adapter-stats.js'
import type { Connection } from '../../connection/connection.js'
import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { read, type Statement } from '../../queue/statement.js'

/** The result of `adapter.stats()`. Sizes are in bytes. Row counts cover the whole file; `cache` covers the adapter's prefix. */
export interface AdapterStats extends SqlStats {
  /** The version of the engine's SQLite library. */
  sqliteVersion: string
  /** The database file; empty for a database in memory. */
  file: string
  /** Bytes of the database file, or of the database in memory. */
  fileBytes: number
  /** Bytes of the WAL; 0 when there is none. */
  walBytes: number
}

export const COUNTS: Statement<'one'> = read(
  'stats',
  'one',
  `SELECT
  (SELECT count(*) FROM go_goscope_circuit) AS circuits,
  (SELECT count(*) FROM go_goscope_checkpoints) AS checkpoints,
  (SELECT count(*) FROM go_goscope_idempotency) AS idempotency,
  (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size()) AS bytes`,
  { scans: true },
)

/** Returns the part of the result that only a file has. */
export async function fileStats({ place }: Connection, counts: Row): Promise<Omit<AdapterStats, keyof SqlStats>> {
  return {
    sqliteVersion: place.version,
    file: place.location,
    fileBytes: Number(counts.bytes),
    walBytes: place.location === '' ? 0 : await size(`${place.location}-wal`),
  }
}

// By stat, never by opening: closing a descriptor of the file would release the locks that SQLite holds on it.
async function size(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    const why = `stats: ${path} cannot be looked at (${(error as Error).message}); check its permissions`
    throw new PersistenceError('CANNOT_OPEN', 'stats', why, error)
  }
}
