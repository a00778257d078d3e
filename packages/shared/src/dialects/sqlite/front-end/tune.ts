import type { Connection } from '../../../connection/connection.js'
import { pragma, setPragma } from '../engine/pragma.js'
import { readSchema } from '../schema/migrate.js'
import type { ResolvedOpenOptions } from './open-options.js'

// The log is cut back to this after a burst; without it the file keeps the size of the largest burst for ever.
const WAL_LIMIT_BYTES = 64 * 1024 * 1024
// What stands before each page in the log.
const FRAME_HEADER_BYTES = 24

/**
 * Sets every pragma that engines default differently, and reads each back: an engine that ignores one must not pass.
 *
 * @throws PersistenceError `ENGINE_UNSUPPORTED` when a pragma does not take, and what {@link readSchema} throws.
 */
export async function tune(connection: Connection, options: ResolvedOpenOptions, onFile: boolean): Promise<void> {
  // Schemas of files from elsewhere must not run functions with side effects.
  await setPragma(connection, 'open', 'trusted_schema', 0)
  // Some engines do not check them by default. `fenced` must not do other things to the app's tables on another engine.
  await setPragma(connection, 'open', 'foreign_keys', 1)
  if (options.cacheSize !== undefined)
    await setPragma(connection, 'open', 'cache_size', -Math.ceil(options.cacheSize / 1024))
  if (!onFile) return
  // The reading asks the file, so it is also the probe for what is not a database.
  const mode = await pragma(connection, 'open', 'journal_mode')
  // FULL flushes the log at every commit: about one flush of the disk per acknowledged batch. NORMAL only at checkpoints.
  await setPragma(connection, 'open', 'synchronous', options.durability === 'power' ? 2 : 1)
  await setMmapSize(connection, options.mmapSize)
  if (options.readOnly) return
  await setPragma(connection, 'open', 'journal_size_limit', Math.max(WAL_LIMIT_BYTES, options.walSize ?? 0))
  if (options.walSize !== undefined) await setWalSize(connection, options.walSize)
  if (mode === 'wal') return
  // The switch writes into the file: one that will be refused must be left as it is.
  await readSchema(connection.queue)
  // Switching ignores the engine's wait when several processes start on a new file; the queue's wait covers it.
  await setPragma(connection, 'open', 'journal_mode', 'wal')
}

/**
 * Engines have a greatest size, about 2 GiB, and take that where more is asked for. One that is built without maps answers
 * nothing. 0 is set, too: an engine may be built with another default, and a read error of a mapped page is no typed error.
 */
function setMmapSize(connection: Connection, bytes: number): Promise<void> {
  const isTaken = (actual: unknown): boolean =>
    bytes === 0 ? actual === undefined || actual === 0 : Number(actual) > 0 && Number(actual) <= bytes
  return setPragma(connection, 'open', 'mmap_size', bytes, isTaken)
}

/** In pages, as the engine counts. Never 0, by which the -wal would grow for ever. */
async function setWalSize(connection: Connection, bytes: number): Promise<void> {
  const pageBytes = Number(await pragma(connection, 'open', 'page_size'))
  await setPragma(
    connection,
    'open',
    'wal_autocheckpoint',
    Math.max(1, Math.floor(bytes / (pageBytes + FRAME_HEADER_BYTES))),
  )
}
