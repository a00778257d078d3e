import type { Connection } from '../../../connection/connection.js'
import { pragma, setPragma } from '../engine/pragma.js'
import { readSchema } from '../schema/migrate.js'
import type { ResolvedOpenOptions } from './open-options.js'

// The WAL is truncated to this size after a burst. Otherwise the file would keep the size of its largest burst forever.
const WAL_LIMIT_BYTES = 64 * 1024 * 1024
// Size of the header before each page in the WAL.
const FRAME_HEADER_BYTES = 24

/**
 * Sets every pragma whose default differs between engines and reads each back, so that an engine which ignores a pragma is
 * refused.
 *
 * @throws PersistenceError `ENGINE_UNSUPPORTED` when a pragma has no effect, and the errors of {@link readSchema}.
 */
export async function tune(connection: Connection, options: ResolvedOpenOptions, onFile: boolean): Promise<void> {
  // Schemas in files of unknown origin must not run functions with side effects.
  await setPragma(connection, 'open', 'trusted_schema', 0)
  // Some engines do not check foreign keys by default. `fenced` must have the same effect on the app's tables on every engine.
  await setPragma(connection, 'open', 'foreign_keys', 1)
  if (options.cacheSize !== undefined)
    await setPragma(connection, 'open', 'cache_size', -Math.ceil(options.cacheSize / 1024))
  if (!onFile) return
  // This reads the file, so it also detects a file that is not a database.
  const mode = await pragma(connection, 'open', 'journal_mode')
  // FULL flushes the WAL at every commit: about one disk flush per acknowledged batch. NORMAL flushes only at checkpoints.
  await setPragma(connection, 'open', 'synchronous', options.durability === 'power' ? 2 : 1)
  // On macOS, a flush without it ends in the cache of the disk. Both durabilities need it: the file stays intact only if the WAL
  // is on the disk before a checkpoint writes into the file. It has no effect elsewhere.
  await setPragma(connection, 'open', 'fullfsync', 1)
  await setMmapSize(connection, options.mmapSize)
  if (options.readOnly) return
  await setPragma(connection, 'open', 'journal_size_limit', Math.max(WAL_LIMIT_BYTES, options.walSize ?? 0))
  if (options.walSize !== undefined) await setWalSize(connection, options.walSize)
  if (mode === 'wal') return
  // The switch to WAL mode writes into the file. Check first, so that a refused file stays unchanged.
  await readSchema(connection.queue)
  // Switching ignores the busy timeout of the engine when several processes start on a new file; the retries of the queue cover
  // it.
  await setPragma(connection, 'open', 'journal_mode', 'wal')
}

/**
 * Engines have a maximum, about 2 GiB, and use it when more is requested. An engine built without mmap returns nothing. 0 is also
 * set explicitly: an engine may be built with another default, and a read error of a mapped page is not a typed error.
 */
function setMmapSize(connection: Connection, bytes: number): Promise<void> {
  const isTaken = (actual: unknown): boolean =>
    bytes === 0 ? actual === undefined || actual === 0 : Number(actual) > 0 && Number(actual) <= bytes
  return setPragma(connection, 'open', 'mmap_size', bytes, isTaken)
}

/** Sets the size in pages, the unit of the engine. Never 0, because the WAL would then grow forever. */
async function setWalSize(connection: Connection, bytes: number): Promise<void> {
  const pageBytes = Number(await pragma(connection, 'open', 'page_size'))
  await setPragma(
    connection,
    'open',
    'wal_autocheckpoint',
    Math.max(1, Math.floor(bytes / (pageBytes + FRAME_HEADER_BYTES))),
  )
}
